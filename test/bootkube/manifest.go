package bootkube

import (
	"errors"
	"os"
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

// errNoObject tells that a file holds no object.
var errNoObject = errors.New("no object")

// decode reads the first document of a manifest.
func decode(raw []byte) (object, error) {
	text := strings.TrimPrefix(strings.TrimSpace(string(raw)), "---\n")
	text, _, _ = strings.Cut(text, "\n---")
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	o, ok := value.(object)
	if !ok {
		return nil, errNoObject
	}
	return o, nil
}

// at follows keys into an object; nil if one is missing.
func at(value any, keys ...any) any {
	for _, key := range keys {
		switch k := key.(type) {
		case string:
			m, _ := value.(object)
			value = m[k]
		case int:
			list, _ := value.([]any)
			if k >= len(list) {
				return nil
			}
			value = list[k]
		}
	}
	return value
}

func text(value any, keys ...any) string {
	s, _ := at(value, keys...).(string)
	return s
}

// manifestDir refuses a manifest folder that is not predictable: a file without
// exactly one object, or one object in two versions.
func (o *operation) manifestDir(dir string) (all []object) {
	files, err := o.walk(dir)
	if err != nil {
		o.fatal("error reading manifests: %v", err)
	}
	seen := map[string]string{}
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		obj, err := decode(raw)
		if err != nil || text(obj, "kind") == "" || text(obj, "kind") == "List" {
			o.fatal("--rendered-manifest-files, are not consistent: error decoding %s: %v", file, err)
		}
		group, _, found := strings.Cut(text(obj, "apiVersion"), "/")
		if !found {
			group = ""
		}
		key := strings.Join([]string{text(obj, "kind"), group, text(obj, "metadata", "name"), text(obj, "metadata", "namespace")}, "/")
		canonical, _ := yaml.Marshal(obj)
		if other, ok := seen[key]; ok && other != string(canonical) {
			o.fatal("--rendered-manifest-files, are not consistent: multiple different manifests for %s", key)
		}
		seen[key] = string(canonical)
		all = append(all, obj)
	}
	return all
}

// featureGate wants a FeatureGate whose status lists the payload's version.
func (o *operation) featureGate(all []object) {
	found := false
	for _, obj := range all {
		if text(obj, "kind") != "FeatureGate" {
			continue
		}
		found = true
		for i := 0; at(obj, "status", "featureGates", i) != nil; i++ {
			if text(obj, "status", "featureGates", i, "version") == o.flag("payload-version") {
				return
			}
		}
	}
	switch {
	case !found:
		o.fatal("no FeatureGates found in manfest dir")
	case o.flag("payload-version") == "":
		o.fatal("cannot return FeatureGate without payload version")
	}
	o.fatal("missing desired version %q in featuregates.config.openshift.io/cluster", o.flag("payload-version"))
}

// loads complains about files that a template takes from tls/ and that are not
// there: the onHost operator goes on without, and the cluster breaks later.
func (o *operation) loads(dir string) {
	for _, name := range o.command.Loads {
		if _, ok := o.host(path.Join(dir, name)); !ok {
			o.complain("%s loads %s/%s, which is not there", o.command.Name, dir, name)
		}
	}
}
