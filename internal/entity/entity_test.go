package entity

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// mapping reads "Account Name=a FullName=b": columns are named as given.
func mapping(t *testing.T, s string) Mapping {
	t.Helper()
	parts := strings.Fields(s)
	k, ok := ParseKind(parts[0])
	if !ok {
		t.Fatalf("no kind %s", parts[0])
	}
	m := Mapping{Kind: k}
	for _, p := range parts[1:] {
		id, col, _ := strings.Cut(p, "=")
		m.Fields = append(m.Fields, FieldMapping{id, col})
	}
	return m
}

func row(cells map[string]any) Row {
	return func(c string) (types.Value, bool) {
		switch v := cells[c].(type) {
		case nil:
			return types.Value{}, false
		case string:
			return types.StringOf(v), true
		case int:
			return types.LongOf(int64(v)), true
		case bool:
			return types.BoolOf(v), true
		case types.Value:
			return v, true
		}
		panic("no such cell type")
	}
}

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if k.String() == "" || k.Keyword() == "" || k.ARM() == "" || len(k.Identifiers()) == 0 || len(k.Required()) == 0 || len(k.Strong()) == 0 {
			t.Errorf("kind %d %s is incomplete", k, k)
		}
		if seen[k.Keyword()] || kindOfKeyword(k.Keyword()) != k {
			t.Errorf("keyword %s is taken or not found", k.Keyword())
		}
		seen[k.Keyword()] = true
		for _, set := range append(append(append([][]string{}, k.Required()...), k.Strong()...), k.Weak()...) {
			for _, name := range set {
				if _, exact, ok := k.Identifier(name); !strings.HasPrefix(name, "*") && !(exact && ok) {
					t.Errorf("%s: set %v names '%s', which is no identifier", k, set, name)
				}
			}
		}
	}
	for _, c := range []struct {
		name string
		kind Kind
		ok   bool
	}{{"account", Account, true}, {"File hash", FileHash, true}, {"URL", URL, true}, {"Url", URL, true}, {"Other", Other, false}, {"", Other, false}, {"Person", Other, false}} {
		if k, ok := ParseKind(c.name); k != c.kind || ok != c.ok {
			t.Errorf("%q: %v %v", c.name, k, ok)
		}
	}
}

func TestMappingCheck(t *testing.T) {
	cases := []struct{ mapping, want string }{
		{"Account FullName=a Name=b UPNSuffix=c", ""},
		{"Account Name=a UPNSuffix=b Sid=c PUID=d", "4@3"},
		{"Account UPNSuffix=a", "5@-1"},
		{"IP address=a", "2@0"},
		{"IP Address=a Port=b", "1@1"},
		{"IP Address=a Address=b", "3@1"},
		{"FileHash Value=a", "5@-1"},
		{"FileHash", "5@-1"},
	}
	for _, c := range cases {
		var got []string
		for _, p := range mapping(t, c.mapping).Check() {
			got = append(got, fmt.Sprintf("%d@%d", p.Kind, p.Field))
			if p.Msg == "" {
				t.Errorf("%s: a problem without message", c.mapping)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, expected %q", c.mapping, s, c.want)
		}
	}
}

func TestFromMapping(t *testing.T) {
	guid := "1F2E3D4C-5B6A-4798-8A9B-0C1D2E3F4A5B"
	cases := []struct {
		name, mapping string
		cells         map[string]any
		want          string // JSON of the entity, "" for none
		issues        int
	}{
		{"founding rule", "Account FullName=u Name=n UPNSuffix=s", map[string]any{"u": "adele@contoso.com", "n": "adele", "s": "contoso.com"},
			`{"$id":"2","Name":"adele","UPNSuffix":"contoso.com","Type":"account"}`, 0},
		{"full name is a UPN", "Account FullName=u", map[string]any{"u": "a@b@contoso.com"}, `{"$id":"2","Name":"a@b","UPNSuffix":"contoso.com","Type":"account"}`, 0},
		{"full name is down-level", "Account FullName=u", map[string]any{"u": `CORP\adele`}, `{"$id":"2","Name":"adele","NTDomain":"CORP","Type":"account"}`, 0},
		{"full name is a name", "Account FullName=u", map[string]any{"u": "adele"}, `{"$id":"2","Name":"adele","Type":"account"}`, 0},
		{"full name with an empty part", "Account FullName=u", map[string]any{"u": "@contoso.com"}, `{"$id":"2","Name":"@contoso.com","Type":"account"}`, 0},
		{"explicit identifiers win", "Account FullName=u Name=n", map[string]any{"u": "adele@contoso.com", "n": "Adele"}, `{"$id":"2","Name":"Adele","UPNSuffix":"contoso.com","Type":"account"}`, 0},
		{"guid is parsed", "Account AadUserId=i", map[string]any{"i": "{" + guid + "}"}, `{"$id":"2","AadUserId":"` + strings.ToLower(guid) + `","Type":"account"}`, 0},
		{"bad guid drops the field", "Account Name=n AadUserId=i", map[string]any{"n": "adele", "i": "x"}, `{"$id":"2","Name":"adele","Type":"account"}`, 1},
		{"bad guid alone drops the entity", "Account AadUserId=i", map[string]any{"i": "x"}, "", 1},
		{"bool", "Host HostName=h IsDomainJoined=d", map[string]any{"h": "pc", "d": true}, `{"$id":"2","HostName":"pc","IsDomainJoined":true,"Type":"host"}`, 0},
		{"empty value", "Account Name=n", map[string]any{"n": "  "}, "", 0},
		{"null value", "IP Address=a", map[string]any{"a": types.Null(types.Dynamic)}, "", 0},
		{"column is absent", "IP Address=a", map[string]any{}, "", 1},
		{"generic name", "Account Name=n DisplayName=d", map[string]any{"n": "LocalSystem", "d": "x"}, "", 0},
		{"generic name with more", "Account Name=n NTDomain=d", map[string]any{"n": "SYSTEM", "d": "CORP"}, `{"$id":"2","Name":"SYSTEM","NTDomain":"CORP","Type":"account"}`, 0},
		{"host with domain", "Host FullName=h", map[string]any{"h": "pc1.corp.contoso.com"}, `{"$id":"2","DnsDomain":"corp.contoso.com","HostName":"pc1","Type":"host"}`, 0},
		{"host is an address", "Host FullName=h", map[string]any{"h": "10.0.0.5"}, `{"$id":"2","HostName":"10.0.0.5","Type":"host"}`, 0},
		{"required is both", "FileHash Algorithm=a Value=v", map[string]any{"a": "SHA256", "v": ""}, "", 0},
		{"number", "CloudApplication AppId=a", map[string]any{"a": 11161}, `{"$id":"2","AppId":11161,"Type":"cloud-application"}`, 0},
		{"time", "Process ProcessId=p CreationTimeUtc=c", map[string]any{"p": 4, "c": "2024-01-01 10:00"}, `{"$id":"2","ProcessId":"4","CreationTimeUtc":"2024-01-01T10:00:00.0000000Z","Type":"process"}`, 0},
		{"unmarked text", "URL Url=u", map[string]any{"u": `http://x/?a=<"&>é`}, `{"$id":"2","Url":"http://x/?a=<\"&>é","Type":"url"}`, 0},
		{"dynamic cell is its text", "IP Address=a", map[string]any{"a": types.DynamicOf(`["1.1.1.1"]`)}, `{"$id":"2","Address":"[\"1.1.1.1\"]","Type":"ip"}`, 0},
		{"unknown identifier", "IP Address=a Port=p", map[string]any{"a": "1.1.1.1", "p": 80}, `{"$id":"2","Address":"1.1.1.1","Type":"ip"}`, 1},
		{"list", "MailMessage Recipient=r Urls=u", map[string]any{"r": "a@b.c", "u": `["http://x"]`}, `{"$id":"2","Recipient":"a@b.c","Urls":["http://x"],"Type":"mail-message"}`, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, issues, ok := FromMapping(mapping(t, c.mapping), row(c.cells))
			got := ""
			if ok {
				got = strings.Trim(Render([]*Entity{e}), "[]")
			}
			if len(issues) != c.issues || strings.Trim(c.want, "[]") != got {
				t.Errorf("got %s with %v, expected %s", got, issues, c.want)
			}
		})
	}
}

func parse(t *testing.T, s string) []*Entity {
	t.Helper()
	list, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestParseAndRender(t *testing.T) {
	text := `[{"$id":"2","HostName":"pc","OSVersion":null,"Type":"host"},` +
		`{"$id":"3","ProcessId":"4","Host":{"$ref":"2"},"ImageFile":{"$id":"4","Name":"a.exe","FileHashes":[{"$id":"5","Algorithm":"MD5","Value":"0f","Type":"filehash"}],"Type":"file"},"Type":"process"},` +
		`{"$id":"6","Thing":{"a":[1,2]},"Type":"oauth-application"},{"$ref":"4"}]`
	list := parse(t, text)
	if got := Render(list); got != text {
		t.Errorf("rendered\n%s\nexpected\n%s", got, text)
	}
	if list[1].field("Host").Inner[0] != list[0] || list[2].Kind != Other || list[2].Keyword() != "oauth-application" || list[0].Get("HostName") != "pc" {
		t.Errorf("parsed %+v", list)
	}
	// Numbers of another renderer: they are given anew.
	if got := Render(parse(t, `[{"$id":"9","Address":"1.1.1.1","Type":"ip"},{"Name":"x","Type":"malware"}]`)); got !=
		`[{"$id":"2","Address":"1.1.1.1","Type":"ip"},{"$id":"3","Name":"x","Type":"malware"}]` {
		t.Error(got)
	}
	for in, want := range map[string]string{"": "", " ": "", "null": "", "[]": ""} {
		if got := Render(parse(t, in)); got != want {
			t.Errorf("%q renders as %q", in, got)
		}
	}
	for _, bad := range []string{"{", `{"a":1}`, "[1]", `[{"$ref":"2"}]`, `[{"$id":"2","Host":{"$ref":"7"},"Type":"process"}]`} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
	// A cycle: a host whose device is on that host.
	cycle := `[{"$id":"2","HostName":"pc","IoTDevice":{"$id":"3","DeviceId":"d","Host":{"$ref":"2"},"IoTHub":{"$id":"4","ResourceId":"/r","Type":"azure-resource"},"Type":"iotdevice"},"Type":"host"}]`
	list = parse(t, cycle)
	if got := Render(list); got != cycle {
		t.Error(got)
	}
	if _, strong := list[0].Key(); !strong {
		t.Error("the device is strong, so the host is")
	}
}

func TestRenderWithin(t *testing.T) {
	list := parse(t, `[{"Address":"1.1.1.1","Type":"ip"},{"Address":"2.2.2.2","Type":"ip"},{"Address":"3.3.3.3","Type":"ip"}]`)
	whole := Render(list)
	for limit := 0; limit <= len(whole); limit++ {
		text, kept := RenderWithin(list, limit)
		if len(text) > limit || text != Render(list[:kept]) || (limit == len(whole)) != (kept == 3) {
			t.Errorf("limit %d: %d kept, %s", limit, kept, text)
		}
		var any []map[string]string
		if text != "" && json.Unmarshal([]byte(text), &any) != nil {
			t.Errorf("limit %d: no JSON: %s", limit, text)
		}
	}
}

func TestStrongKeys(t *testing.T) {
	cases := []struct {
		json string
		want []string
	}{
		{`{"Name":"Adele","UPNSuffix":"Contoso.com","AadUserId":"1F","Type":"account"}`, []string{"account|Name=adele|UPNSuffix=contoso.com", "account|AadUserId=1f"}},
		{`{"Name":"a","Type":"account"}`, nil},
		{`{"Sid":"S-1-5-18","Type":"account"}`, nil},
		{`{"$id":"1","Sid":"S-1-5-18","Host":{"$id":"2","AzureID":"x","Type":"host"},"Type":"account"}`, []string{"account|Sid=s-1-5-18|Host=(host|AzureID=x)"}},
		{`{"Sid":"S-1-5-21-1-2-3-500","Type":"account"}`, []string{"account|Sid=s-1-5-21-1-2-3-500"}},
		{`{"Name":"SYSTEM","NTDomain":"NT AUTHORITY","Type":"account"}`, nil},
		{`{"$id":"1","Name":"a","NTDomain":"PC1","Host":{"$id":"2","HostName":"pc1","Type":"host"},"Type":"account"}`, nil},
		{`{"HostName":"pc","Type":"host"}`, nil},
		{`{"HostName":"pc","DnsDomain":"c.com","Type":"host"}`, []string{"host|HostName=pc|DnsDomain=c.com"}},
		{`{"Address":"8.8.8.8","Type":"ip"}`, []string{"ip|Address=8.8.8.8"}},
		{`{"Address":"10.0.0.1","Type":"ip"}`, nil},
		{`{"Address":"10.0.0.1","AddressScope":"lan","Type":"ip"}`, []string{"ip|Address=10.0.0.1|AddressScope=lan"}},
		{`{"Address":"not one","Type":"ip"}`, nil},
		{`{"Url":"http://x/y","Type":"url"}`, []string{"url|Url=http://x/y"}},
		{`{"Url":"/y","Type":"url"}`, nil},
		{`{"Name":"Teams","InstanceName":"i","Type":"cloud-application"}`, []string{"cloud-application|Name=teams|InstanceName=i"}},
		{`{"Name":"Teams","AppId":28375,"Type":"cloud-application"}`, []string{"cloud-application|AppId=28375", "cloud-application|Name=teams"}},
		{`{"X":"y","Type":"unheard-of"}`, nil},
	}
	for _, c := range cases {
		e := parse(t, "["+c.json+"]")[0]
		if got := e.StrongKeys(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, expected %q", c.json, got, c.want)
		}
	}
	forged := parse(t, `[{"Name":"a|UPNSuffix=b","UPNSuffix":"c","Type":"account"},{"Name":"a","UPNSuffix":"b|UPNSuffix=c","Type":"account"}]`)
	if len(Merge(forged)) != 2 {
		t.Error("two accounts became one")
	}
	a, b := parse(t, `[{"Address":"8.8.8.8","Type":"ip"}]`)[0], parse(t, `[{"$id":"7","Address":"8.8.8.8","Location":"x","Type":"ip"}]`)[0]
	if a.ID() != b.ID() || a.ID() != "062ef770-1384-5f49-902b-80b9efdab4fa" {
		t.Errorf("ids %s, %s", a.ID(), b.ID())
	}
}

func TestMerge(t *testing.T) {
	in := `[{"$id":"2","Name":"adele","UPNSuffix":"c.com","Type":"account"},` +
		`{"$id":"3","AadUserId":"u1","Type":"account"},` +
		`{"$id":"4","Address":"10.0.0.1","Type":"ip"},{"$id":"5","Address":"10.0.0.1","Type":"ip"},` +
		`{"$id":"6","Name":"Adele","UPNSuffix":"C.com","AadUserId":"u1","DisplayName":"A","Type":"account"},` +
		`{"$id":"7","Name":"adele","Type":"account"}]`
	list := parse(t, in)
	want := `[{"$id":"2","Name":"adele","UPNSuffix":"c.com","AadUserId":"u1","DisplayName":"A","Type":"account"},` +
		`{"$id":"3","Address":"10.0.0.1","Type":"ip"},{"$id":"4","Name":"adele","Type":"account"}]`
	if got := Render(Merge(list)); got != want {
		t.Errorf("merged\n%s\nexpected\n%s", got, want)
	}
	if Render(list) != in {
		t.Error("the input was changed")
	}
	if len(Merge(nil)) != 0 {
		t.Error("nothing became something")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`[{"$id":"2","HostName":"pc","Type":"host"},{"$id":"3","Host":{"$ref":"2"},"Type":"process"}]`)
	f.Add(`[{"$id":"2","IoTDevice":{"$ref":"2"},"Type":"host"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(text)
		if err != nil {
			return
		}
		out := Render(Merge(list))
		if out != "" && !json.Valid([]byte(out)) {
			t.Fatalf("%s renders as %s", text, out)
		}
	})
}
