package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	clustercmd "github.com/okd-project/okd-install/cmd/okd-install/internal/cluster"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/config"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/coreos"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/ignition"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/tool"
	"github.com/okd-project/okd-install/pkg/analyze"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
)

// outputs are what the commands print with -o json, by the command.
var outputs = map[string]any{
	"add-nodes":                        clustercmd.AddNodesReport{},
	"analyze":                          analyze.Report{},
	"approve-csrs (one object a line)": clustercmd.ApprovalEvent{},
	"certs":                            asset.Certificates{},
	"coreos check":                     rhcos.Report{},
	"coreos download":                  coreos.DownloadReport{},
	"coreos image":                     coreos.ImageReport{},
	"coreos iso show":                  coreos.ISOReport{},
	"create pivot-config --dry-run":    pivot.Plan{},
	"explain":                          config.ExplainReport{},
	"ignition diff":                    ignition.Comparison{},
	"ignition ls":                      ignition.List{},
	"ignition validate":                ignition.Validation{},
	"ignition why":                     asset.Why{},
	"plan":                             asset.Planned{},
	"releases list":                    asset.ReleaseList{},
	"releases pin":                     asset.Pinned{},
	"status":                           asset.Status{},
	"status --cluster":                 clustercmd.Report{},
	"validate":                         config.ValidateReport{},
	"version":                          tool.VersionReport{},
	"wait-for (one object a line)":     cluster.Event{},
}

const outputPage = `# What is printed for programs

Commands that list something take ` + "`-o json` and `-o yaml`" + `, with the same keys. Those
that tell what happens while it happens print one JSON object a line. The version
of what is printed is ` + "`schemaVersion`" + `: it changes when a key goes away or gets another
meaning, not when one is added.

A key in ` + "`[]`" + ` is in each element of a list, one in ` + "`{}`" + ` in each value of an object
whose keys are names. Times are in UTC, as RFC 3339 writes them. What may be
absent stands in italics.

Texts hold no secrets: ` + "`REDACTED`" + ` stands in the place of a password, a token, a key, and
of whatever a URL may have been meant to hold as such. Characters that a terminal would
obey are escaped, as ` + "`\\u001b` and `\\u202e`" + `. The text for people shows them as ` + "`\uFFFD`" + `.

`

// The page of keys is made from the values that are printed, so that it lists
// what there is.
func TestOutputIsDocumented(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	page.WriteString(outputPage)
	for _, command := range slices.Sorted(maps.Keys(outputs)) {
		fmt.Fprintf(&page, "## %s\n\n| key | is |\n|---|---|\n", command)
		keys := 0
		walkKeys(reflect.TypeOf(outputs[command]), "", nil, func(key, kind string, optional bool) {
			name := "`" + key + "`"
			if optional {
				name = "*" + name + "*"
			}
			fmt.Fprintf(&page, "| %s | %s |\n", name, kind)
			keys++
		})
		page.WriteString("\n")
		if keys < 2 {
			t.Errorf("%s prints %d keys", command, keys)
		}
	}
	file := filepath.Join(docsRoot, "docs/output.md")
	want := strings.TrimSuffix(page.String(), "\n")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/output.md does not list the keys that are printed; -update writes it again")
	}
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// walkKeys calls f for each key of a type's JSON. A type inside of itself is
// named and not entered again.
func walkKeys(of reflect.Type, prefix string, outer []reflect.Type, f func(key, kind string, optional bool)) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || slices.Contains(outer, of) {
		return
	}
	outer = append(slices.Clone(outer), of)
	for i := range of.NumField() {
		field := of.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			walkKeys(field.Type, prefix, outer, f)
			continue
		}
		if name == "-" || !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		inner, kind, suffix := describeType(field.Type)
		f(prefix+name, kind, strings.Contains(options, "omit"))
		if inner != nil {
			walkKeys(inner, prefix+name+suffix+".", outer, f)
		}
	}
}

// describeType says what a value is, and of which type the values in it are.
func describeType(of reflect.Type) (inner reflect.Type, kind, suffix string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[time.Time]():
		return nil, "a time", ""
	case of == reflect.TypeFor[time.Duration]():
		return nil, "a time span in nanoseconds", ""
	case of == reflect.TypeFor[asset.Told](): // whose elements are findings
		return nil, "a list; each is a text", ""
	case of.Implements(marshaler) || reflect.PointerTo(of).Implements(marshaler):
		return nil, "a value of its own form", ""
	case of.Implements(textMarshaler) || reflect.PointerTo(of).Implements(textMarshaler):
		return nil, "a text", ""
	}
	switch of.Kind() {
	case reflect.String:
		return nil, "a text", ""
	case reflect.Bool:
		return nil, "true or false", ""
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint64, reflect.Uint32, reflect.Float64:
		return nil, "a number", ""
	case reflect.Struct:
		return of, "an object", ""
	case reflect.Slice, reflect.Array:
		if of.Elem().Kind() == reflect.Uint8 {
			return nil, "base64", ""
		}
		inner, kind, more := describeType(of.Elem())
		return inner, "a list; each is " + kind, "[]" + more
	case reflect.Map:
		inner, kind, more := describeType(of.Elem())
		return inner, "an object by name; each is " + kind, "{}" + more
	default:
		return nil, "any value", ""
	}
}
