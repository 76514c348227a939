package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"text/template"

	"github.com/okd-project/okd-install/test/bootkube"
)

// show prints an answer in the form that oc was asked for. Of lists in columns or
// with a range it prints the names.
func show(raw []byte, output string) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	kind, text, _ := strings.Cut(output, "=")
	switch {
	case kind == "custom-columns", strings.HasPrefix(text, "{range"):
		o, _ := value.(object)
		items, _ := o["items"].([]any)
		for _, item := range items {
			i, _ := item.(object)
			meta, _ := i["metadata"].(object)
			fmt.Println(meta["name"])
		}
	case kind == "jsonpath":
		found := find(value, strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"))
		fmt.Print(strings.Join(found, " "))
	case kind == "go-template":
		t, err := template.New("output").Parse(text)
		if err != nil {
			bootkube.Complain("oc", "%s: %v", output, err)
			return err
		}
		return t.Execute(os.Stdout, value)
	default:
		fmt.Print(string(raw))
	}
	return nil
}

// step is the first step of a path: .name, [*] or [?(@.name=="value")].
var step = regexp.MustCompile(`^(?:\.(\w+)|\[(\*)\]|\[\?\(@\.(\w+)=="(\w+)"\)\])`)

// find follows a path as jsonpath does, and prints what it leads to.
func find(value any, path string) (found []string) {
	if path == "" {
		if value != nil {
			found = append(found, fmt.Sprint(value))
		}
		return found
	}
	m := step.FindStringSubmatch(path)
	if m == nil {
		bootkube.Complain("oc", "the stand-in does not know the path %s", path)
		return nil
	}
	rest := path[len(m[0]):]
	o, _ := value.(object)
	if m[1] != "" {
		return find(o[m[1]], rest)
	}
	list, _ := value.([]any)
	for _, item := range list {
		if i, _ := item.(object); m[2] == "*" || i[m[3]] == m[4] {
			found = append(found, find(item, rest)...)
		}
	}
	return found
}
