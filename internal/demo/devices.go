package demo

import "github.com/vedette-siem/vedette/internal/types"

// model is a kind of device with its browser.
type model struct {
	os, browser, family, kind string // operating system and browser as DeviceDetail names them; UEBA's family and type
	userAgent, agentFamily    string
	trust                     string // how the company's own ones are joined
}

const (
	agentEdge    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
	agentChrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	agentMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
	agentPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
	agentAndroid = "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
	agentFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	agentLegacy  = "CBAInPROD"
)

var (
	laptopModels = []model{
		{"Windows11", "Edge 141.0.0", "Windows", "Desktop", agentEdge, "Edge", "Hybrid Azure AD joined"},
		{"Windows11", "Edge 141.0.0", "Windows", "Desktop", agentEdge, "Edge", "Azure AD joined"},
		{"Windows11", "Chrome 141.0.0", "Windows", "Desktop", agentChrome, "Chrome", "Azure AD joined"},
		{"Windows10", "Edge 141.0.0", "Windows", "Desktop", agentEdge, "Edge", "Hybrid Azure AD joined"},
		{"MacOs", "Safari 26.0", "Mac OS X", "Desktop", agentMac, "Safari", "Azure AD registered"},
	}
	phoneModels = []model{
		{"Ios 26.0", "Mobile Safari 26.0", "iPhone", "Mobile", agentPhone, "Mobile Safari", "Azure AD registered"},
		{"Android 15", "Chrome Mobile 141.0.0", "Android", "Mobile", agentAndroid, "Chrome Mobile", "Azure AD registered"},
	}
	privateModels = []model{
		{"Windows11", "Chrome 141.0.0", "Windows", "Desktop", agentChrome, "Chrome", ""},
		{"MacOs", "Safari 26.0", "Mac OS X", "Desktop", agentMac, "Safari", ""},
	}
	serverModel = model{"", "", "Other", "Other", agentLegacy, "Other", ""}
	lairModel   = model{"Linux", "Firefox 128.0", "Linux", "Desktop", agentFirefox, "Firefox", ""}
)

// device is one machine.
type device struct {
	model
	id, name string
	managed  bool
	detail   string // JSON of DeviceDetail
}

func newDevice(m model, id, name string) *device {
	d := &device{model: m, id: id, name: name, managed: id != ""}
	trust := m.trust
	if !d.managed {
		trust = ""
	}
	d.detail = `{"deviceId":"` + id + `","displayName":` + types.QuoteJSON(name) + `,"operatingSystem":"` + m.os +
		`","browser":"` + m.browser + `","isCompliant":` + jsonBool(d.managed) + `,"isManaged":` + jsonBool(d.managed) +
		`,"trustType":"` + trust + `"}`
	return d
}

func jsonBool(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
