package manifests

import "github.com/okd-project/okd-install/pkg/diag"

// Scheduling is what the Scheduler among the manifests says.
type Scheduling struct {
	// ControlPlane says that workloads may run on control plane machines. It is
	// false where there is no Scheduler, as the cluster's own says so.
	ControlPlane bool
	// Position is where it says so, or its file.
	Position diag.Position
}

// Scheduling is what the Scheduler among the manifests says.
func (s Set) Scheduling() Scheduling {
	says := Scheduling{Position: diag.Position{File: schedulerFile}}
	for _, d := range s.docs {
		if d.identity() != (identity{configGroup, "Scheduler", "", "cluster"}) {
			continue
		}
		says.ControlPlane, _ = d.value("spec", "mastersSchedulable").(bool)
		says.Position = diag.Position{File: d.path}
		if n := d.field("spec", "mastersSchedulable"); n != nil {
			says.Position.Line, says.Position.Column = n.Line, n.Column
		}
	}
	return says
}
