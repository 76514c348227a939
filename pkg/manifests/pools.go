package manifests

import (
	"fmt"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// roleLabel says for which pool of machines a MachineConfig is.
const roleLabel = "machineconfiguration.openshift.io/role"

// builtInPools are the pools of machines that the cluster brings.
var builtInPools = []string{"master", "worker", "arbiter"}

// machinePool is a pool of machines, by the MachineConfigs that it selects.
type machinePool struct {
	name    string
	selects func(*document) bool
}

// machinePools are those that the cluster brings and those among the manifests.
func machinePools(docs []*document) (pools []machinePool) {
	for _, name := range builtInPools {
		pools = append(pools, machinePool{name, func(d *document) bool { return d.labelled(roleLabel) == name }})
	}
	for _, p := range docs {
		if p.isPool() {
			pools = append(pools, machinePool{p.identity().name, func(d *document) bool { return p.matches(d, "spec", "machineConfigSelector") }})
		}
	}
	return pools
}

func (d *document) labelled(key string) string { return d.text("metadata", "labels", key) }

func (d *document) isMachineConfig() bool {
	id := d.identity()
	return id.group == mcoGroup && id.kind == "MachineConfig"
}

func (d *document) isPool() bool {
	id := d.identity()
	return id.group == mcoGroup && id.kind == "MachineConfigPool"
}

func isSelected(d *document, pools []machinePool) bool {
	return slices.ContainsFunc(pools, func(p machinePool) bool { return p.selects(d) })
}

// requirement is one of the conditions of a label selector.
type requirement struct {
	key, operator string
	values        []string
}

// requirements reads a label selector. ok is false if there is none: it then
// selects nothing, where an empty one selects everything.
func (d *document) requirements(steps ...string) (list []requirement, ok bool) {
	s, ok := d.value(steps...).(object)
	labels, _ := s["matchLabels"].(object)
	for key, value := range labels {
		text, _ := value.(string)
		list = append(list, requirement{key, "In", []string{text}})
	}
	expressions, _ := s["matchExpressions"].([]any)
	for _, e := range expressions {
		o, _ := e.(object)
		var r requirement
		r.key, _ = o["key"].(string)
		r.operator, _ = o["operator"].(string)
		values, _ := o["values"].([]any)
		for _, v := range values {
			text, _ := v.(string)
			r.values = append(r.values, text)
		}
		list = append(list, r)
	}
	return list, ok
}

// matches reports whether the selector at a field takes the labels of another object.
func (d *document) matches(other *document, steps ...string) bool {
	labels, _ := other.value("metadata", "labels").(object)
	return d.matchesLabels(labels, steps...)
}

func (d *document) matchesLabels(labels object, steps ...string) bool {
	list, ok := d.requirements(steps...)
	return ok && !slices.ContainsFunc(list, func(r requirement) bool {
		v, there := labels[r.key]
		value, _ := v.(string)
		in := there && slices.Contains(r.values, value)
		switch r.operator {
		case "In":
			return !in
		case "NotIn":
			return in
		case "Exists":
			return !there
		case "DoesNotExist":
			return there
		default:
			return true
		}
	})
}

// selectorProblems finds the conditions of a selector that the operator cannot
// read.
func (d *document) selectorProblems(steps ...string) (problems diag.Problems) {
	expressions, _ := d.value(append(slices.Clone(steps), "matchExpressions")...).([]any)
	for i, e := range expressions {
		o, _ := e.(object)
		operator, _ := o["operator"].(string)
		values, _ := o["values"].([]any)
		at := append(slices.Clone(steps), "matchExpressions", fmt.Sprintf("[%d]", i))
		field := func(name string) []string { return append(slices.Clone(at), name) }
		switch operator {
		case "In", "NotIn":
			if len(values) == 0 {
				problems = append(problems, d.refuse(d.field(field("values")...), pathOf(field("values")),
					"is empty, and the machine-config operator stops here", "list at least one value")...)
			}
		case "Exists", "DoesNotExist":
			if len(values) > 0 {
				problems = append(problems, d.refuse(d.field(field("values")...), pathOf(field("values")),
					"cannot be combined with "+operator+", and the machine-config operator stops here", "remove it")...)
			}
		default:
			problems = append(problems, d.refuse(d.field(field("operator")...), pathOf(field("operator")),
				fmt.Sprintf("%q is not known, and the machine-config operator stops here", shorten(operator)),
				"write In, NotIn, Exists or DoesNotExist")...)
		}
	}
	return problems
}

// unselected warns of a MachineConfig that no pool of machines looks for.
func (d *document) unselected(pools []machinePool) diag.Problems {
	role := strings.TrimSpace(d.labelled(roleLabel))
	if role == "" {
		return d.refuse(d.field("metadata", "labels"), "metadata.labels",
			"have no "+roleLabel+", so no machine gets this MachineConfig",
			"add the label with the value master or worker")
	}
	var names []string
	for _, p := range pools {
		if !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	hint := "write master or worker; or add the MachineConfigPool that selects it"
	if near := diag.Nearest(role, names); near != "" {
		hint = "write " + near + "; or add the MachineConfigPool that selects it"
	}
	return d.refuse(d.field("metadata", "labels", roleLabel), join("metadata.labels", roleLabel),
		fmt.Sprintf("there is no pool of machines %q, only %s, so no machine gets this MachineConfig",
			shorten(role), diag.And(diag.Few(names, mostListed))),
		hint)
}

// poolLabels are the labels of the pools that the cluster brings.
func poolLabels(name string) object {
	return object{
		"machineconfiguration.openshift.io/mco-built-in":                  "",
		"pools.operator.machineconfiguration.openshift.io/" + name:        "",
		"operator.machineconfiguration.openshift.io/required-for-upgrade": "",
	}
}

// unselectedBy warns of a selector that takes no pool, neither of the cluster's
// own nor of those among the manifests.
func (d *document) unselectedBy(docs []*document, steps ...string) diag.Problems {
	for _, name := range builtInPools {
		if d.matchesLabels(poolLabels(name), steps...) {
			return nil
		}
	}
	for _, p := range docs {
		if p.isPool() && d.matches(p, steps...) {
			return nil
		}
	}
	return d.refuse(d.field(steps...), pathOf(steps),
		"selects none of the pools that there are at the start, so no machine gets this "+d.identity().kind+" until a pool has such a label",
		`write matchLabels with "pools.operator.machineconfiguration.openshift.io/worker": "", or master in its place`)
}
