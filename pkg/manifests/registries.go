package manifests

import (
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// mirrorProblems finds the entries of a list of mirrors of which the
// machine-config operator makes no configuration.
func (d *document) mirrorProblems(list string) (problems diag.Problems) {
	entries, _ := d.value("spec", list).([]any)
	for i, e := range entries {
		entry, _ := e.(object)
		at := []string{"spec", list, fmt.Sprintf("[%d]", i)}
		look := func(value string, mayMatch bool, steps ...string) {
			steps = append(at[:len(at):len(at)], steps...)
			switch {
			case value == "":
				problems = append(problems, d.refuse(d.field(steps...), pathOf(steps), "does not name a registry, and the bootstrap host stops at that",
					"write a registry or a repository, such as quay.io/okd")...)
			case strings.Contains(value, "*") && !mayMatch:
				problems = append(problems, d.refuse(d.field(steps...), pathOf(steps), "holds a *, and the bootstrap host stops at that",
					"write out each registry")...)
			}
		}
		source, _ := entry["source"].(string)
		look(source, list != "repositoryDigestMirrors", "source")
		mirrors, _ := entry["mirrors"].([]any)
		for j, m := range mirrors {
			mirror, _ := m.(string)
			look(mirror, false, "mirrors", fmt.Sprintf("[%d]", j))
		}
	}
	return problems
}

// registrySources finds the two lists that exclude each other. One allowed
// repository may stand beside blocked ones: that of the release.
func (d *document) registrySources() diag.Problems {
	allowed, _ := d.value("spec", "registrySources", "allowedRegistries").([]any)
	blocked, _ := d.value("spec", "registrySources", "blockedRegistries").([]any)
	if len(blocked) == 0 || len(allowed) == 0 {
		return nil
	}
	if only, _ := allowed[0].(string); len(allowed) == 1 && strings.Contains(only, "/") {
		return nil
	}
	return d.refuse(d.key("spec", "registrySources", "blockedRegistries"), "spec.registrySources.blockedRegistries",
		"cannot be given together with allowedRegistries, and the machine-config operator stops here", "remove one of the two")
}
