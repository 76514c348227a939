package installconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Fingerprints gives for every field with a value, by its path, the SHA-256 of
// the value as JSON, in hex. It is what to keep of a config in order to tell
// later what was changed in it. A guessable secret can be guessed from its
// fingerprint, so keep them where the secrets are.
func Fingerprints(c InstallConfig) map[string]string {
	prints := map[string]string{}
	data, err := json.Marshal(c)
	if err != nil {
		return prints // no value of the schema refuses to be written
	}
	var tree any
	if json.Unmarshal(data, &tree) == nil {
		fingerprint(tree, "", prints)
	}
	return prints
}

func fingerprint(value any, path string, prints map[string]string) {
	switch v := value.(type) {
	case map[string]any:
		for name, child := range v {
			at := under(path, name)
			if strings.ContainsAny(name, ".[]") {
				at = path + "[" + strconv.Quote(name) + "]"
			}
			fingerprint(child, at, prints)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for i, child := range v {
			fingerprint(child, item(path, i), prints)
		}
		if len(v) > 0 {
			return
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return
	}
	sum := sha256.Sum256(text)
	prints[path] = hex.EncodeToString(sum[:])
}

// Changed lists the paths of fields that were added, removed or changed, sorted.
func Changed(old, current map[string]string) []string {
	paths := map[string]bool{}
	for path, sum := range old {
		if current[path] != sum {
			paths[path] = true
		}
	}
	for path := range current {
		if _, ok := old[path]; !ok {
			paths[path] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}
