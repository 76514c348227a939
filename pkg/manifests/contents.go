package manifests

import (
	"encoding/base64"
	"maps"
	"slices"

	"github.com/okd-project/okd-install/pkg/diag"
)

// contents finds values that the API server refuses for the types that people
// write by hand most. The bootstrap host tries to create such an object until
// its time is over.
func (d *document) contents() diag.Problems {
	switch id := d.identity(); {
	case id.group == "" && id.kind == "Secret":
		return slices.Concat(
			d.texts("data", "write the value as base64 prints it, or as it is under stringData", isBase64),
			d.texts("stringData", "put the value in quotes", nil))
	case id.group == "" && id.kind == "ConfigMap":
		return slices.Concat(
			d.texts("data", "put the value in quotes; for several lines, write | and indent them", nil),
			d.texts("binaryData", "write the value as base64 prints it, or as it is under data", isBase64))
	}
	return nil
}

// texts finds the entries of a map that are no text, or not what good wants.
// Values are not quoted: they may be secrets.
func (d *document) texts(field, hint string, good func(string) bool) (problems diag.Problems) {
	if d.object[field] == nil {
		return nil
	}
	entries, ok := d.object[field].(object)
	if !ok {
		return d.refuse(d.field(field), field, "is not an object", "write each entry as a name, a colon and a value")
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		switch text, isText := entries[key].(string); {
		case entries[key] == nil: // the same as an empty text
		case !isText:
			problems = append(problems, d.refuse(d.field(field, key), join(field, key), "is not text, which the API server refuses", hint)...)
		case good != nil && !good(text):
			problems = append(problems, d.refuse(d.field(field, key), join(field, key), "is not base64, which the API server refuses", hint)...)
		}
	}
	return problems
}

// isBase64 is as tolerant as the API server, which skips line ends.
func isBase64(text string) bool {
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil
}
