package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
)

// jsonFunction is a function in functions.json.
type jsonFunction struct {
	Name       string        `json:"name"`
	Class      string        `json:"class"`
	Family     string        `json:"family"`
	Aliases    []string      `json:"aliases,omitempty"`
	Doc        string        `json:"doc"`
	Page       string        `json:"page"`
	Signatures []jsonSig     `json:"signatures"`
	Examples   []jsonExample `json:"examples"`
	Deviates   string        `json:"deviates,omitempty"`
	// SQL tells that at least one overload is computed by the engine itself.
	SQL bool `json:"sql"`
}

type jsonSig struct {
	Text   string      `json:"text"`
	Params []jsonParam `json:"params"`
	Result string      `json:"result,omitempty"`
}

type jsonParam struct {
	Name     string   `json:"name"`
	Types    []string `json:"types"`
	Optional bool     `json:"optional,omitempty"`
	Repeated bool     `json:"repeated,omitempty"`
	Constant bool     `json:"constant,omitempty"`
	Values   []string `json:"values,omitempty"`
}

type jsonExample struct {
	Query string `json:"query"`
	Want  string `json:"want"`
}

// functionsJSON is the catalogue for programs.
func functionsJSON() (string, error) {
	list := []jsonFunction{}
	for _, f := range funcs.All().Funcs() {
		if f.Hidden {
			continue
		}
		j := jsonFunction{Name: f.Name, Class: f.Class.String(), Family: f.Family, Aliases: f.Aliases, Doc: f.Doc,
			Page: manual + f.Page, Deviates: f.Deviates, SQL: f.SQL != "" || f.Lower != nil}
		for i := range f.Sigs {
			s := &f.Sigs[i]
			sig := jsonSig{Text: signature(f, s), Params: []jsonParam{}, Result: typeOf(s)}
			for _, p := range s.Params {
				sig.Params = append(sig.Params, jsonParam{p.Name, typeNames(p.Types), p.Opt, p.Rep, p.Const, p.Values})
			}
			j.Signatures = append(j.Signatures, sig)
			j.SQL = j.SQL || s.SQL != "" || s.Lower != nil
		}
		for _, x := range f.Examples {
			j.Examples = append(j.Examples, jsonExample(x))
		}
		list = append(list, j)
	}
	// One line for each function: a change of one is a change of one line.
	var b strings.Builder
	for i, j := range list {
		var line bytes.Buffer
		e := json.NewEncoder(&line)
		e.SetEscapeHTML(false)
		if err := e.Encode(j); err != nil {
			return "", err
		}
		b.WriteString(map[bool]string{true: "[\n", false: ",\n"}[i == 0] + strings.TrimSuffix(line.String(), "\n"))
	}
	b.WriteString("\n]\n")
	return b.String(), nil
}
