package manifests

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// identity is what an object is known by in the cluster. The version of its API
// is no part of it.
type identity struct{ group, kind, namespace, name string }

func (d *document) identity() identity {
	group, _, found := strings.Cut(d.text("apiVersion"), "/")
	if !found {
		group = ""
	}
	return identity{group, d.text("kind"), d.text("metadata", "namespace"), d.text("metadata", "name")}
}

// String names an object as a user would: ConfigMap kube-system/root-ca.
func (id identity) String() string {
	if id.namespace == "" {
		return shorten(id.kind) + " " + shorten(id.name)
	}
	return shorten(id.kind) + " " + shorten(id.namespace) + "/" + shorten(id.name)
}

// same reports whether two documents say the same, whatever they look like.
func (d *document) same(other *document) bool {
	return reflect.DeepEqual(d.object, other.object)
}

// refusals finds what the API refuses for as long as one tries. cluster-bootstrap
// does try, until the time of the bootstrap is over.
func (d *document) refusals() (problems, warnings diag.Problems) {
	problems = slices.Concat(d.apiProblems(), d.nameProblems(), d.metadataProblems())
	id := d.identity()
	switch namespaced, known := scope(id.group, id.kind); {
	case !known:
	case namespaced && id.namespace == "":
		problems = append(problems, d.refuse(d.field("metadata"), "metadata.namespace",
			"is missing, and objects of the kind "+id.kind+" live in a namespace",
			"name the namespace, such as openshift-config")...)
	case !namespaced && id.namespace != "" && d.path != clusterVersionFile:
		warnings = d.refuse(d.field("metadata", "namespace"), "metadata.namespace",
			"is not used: objects of the kind "+id.kind+" live in no namespace", "leave the field out")
	}
	return problems, warnings
}

// apiProblems looks at apiVersion and kind.
func (d *document) apiProblems() diag.Problems {
	version, kind := d.text("apiVersion"), d.text("kind")
	id := d.identity()
	at := d.field("apiVersion")
	group, ver, grouped := strings.Cut(version, "/")
	if !grouped {
		ver = version
	}
	switch {
	case grouped && !dnsSubdomain.MatchString(group), !dnsLabel.MatchString(ver):
		return d.refuse(at, "apiVersion", fmt.Sprintf("%q is not the name of an API", shorten(version)),
			"write a group, a slash and a version, such as apps/v1; or v1")
	case !kindName.MatchString(kind):
		return d.refuse(d.field("kind"), "kind", fmt.Sprintf("%q is not the name of a kind", shorten(kind)),
			"write one word, such as ConfigMap")
	case grouped && onlyVersion(group, kind) != "" && ver != onlyVersion(group, kind):
		return d.refuse(at, "apiVersion", fmt.Sprintf("%s has no kind %s in any release from 4.16 on", shorten(version), kind),
			"write "+group+"/"+onlyVersion(group, kind))
	case grouped || slices.Contains(kindsOf(""), kind) && ver == "v1":
		return nil
	}
	// The kinds of the API without a group are all known.
	hint := "write the group in front of the version, such as apps/v1"
	if groups := groupsOf(kind); len(groups) > 0 {
		hint = "write apiVersion: " + diag.Or(diag.Few(groups, mostListed))
	} else if near := diag.Nearest(kind, kindsOf("")); near != "" {
		hint = "write " + near
	} else if ver != "v1" {
		hint = "write v1, or the group and the version, such as apps/v1"
	}
	return d.refuse(at, "apiVersion", fmt.Sprintf("the API %s has no kind %s", ver, shorten(id.kind)), hint)
}

// nameProblems looks at the name and the namespace.
func (d *document) nameProblems() (problems diag.Problems) {
	id := d.identity()
	field, name := "name", id.name
	if d.generated() { // what is put behind it ends in a letter or a digit
		field, name = "generateName", d.text("metadata", "generateName")+"x"
	}
	if detail, hint := formOfName(id.group, id.kind).problem(name); detail != "" {
		if field == "generateName" {
			detail = fmt.Sprintf("%q cannot begin a name; the API takes %s",
				shorten(strings.TrimSuffix(name, "x")), formOfName(id.group, id.kind).words)
			hint = "choose another one"
		}
		problems = append(problems, d.refuse(d.field("metadata", field), "metadata."+field, detail, hint)...)
	}
	if id.namespace == "" {
		return problems
	}
	if detail, hint := labelForm.problem(id.namespace); detail != "" {
		problems = append(problems, d.refuse(d.field("metadata", "namespace"), "metadata.namespace", detail, hint)...)
	}
	return problems
}

// metadataProblems looks at labels, annotations and what only a running cluster
// writes.
func (d *document) metadataProblems() (problems diag.Problems) {
	for _, name := range []string{"labels", "annotations"} {
		problems = append(problems, d.labels(name == "labels", "metadata", name)...)
	}
	if v := d.value("metadata", "resourceVersion"); v != nil && v != "" && v != "0" {
		problems = append(problems, d.refuse(d.field("metadata", "resourceVersion"), "metadata.resourceVersion",
			"is set, and the API creates no object that has one",
			"delete the line, and what else a running cluster wrote, such as uid and creationTimestamp")...)
	}
	return problems
}

// labels finds keys and values that the API refuses.
func (d *document) labels(checkValues bool, names ...string) (problems diag.Problems) {
	field := strings.Join(names, ".")
	v := d.value(names...)
	if v == nil {
		return nil
	}
	entries, ok := v.(object)
	if !ok {
		return d.refuse(d.field(names...), field, "is not an object", "write each entry as a name, a colon and a value")
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		step := append(slices.Clone(names), key)
		form := key
		if !checkValues { // the keys of annotations may be written in capitals
			form = strings.ToLower(key)
		}
		if detail := keyProblem(form); detail != "" {
			problems = append(problems, d.refuse(d.key(step...), join(field, key), detail, "write a key such as example.com/name")...)
		}
		text, isText := entries[key].(string)
		if !isText && entries[key] != nil {
			problems = append(problems, d.refuse(d.field(step...), join(field, key), "is not text, which the API server refuses",
				"put the value in quotes")...)
			continue
		}
		if !checkValues {
			continue
		}
		if detail := labelValueProblem(text); detail != "" {
			problems = append(problems, d.refuse(d.field(step...), join(field, key), detail,
				"shorten the value, or make it an annotation")...)
		}
	}
	return problems
}
