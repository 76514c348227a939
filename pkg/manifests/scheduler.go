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

// SchedulingOf reads the Scheduler among the files.
func SchedulingOf(files map[string][]byte) Scheduling {
	s := Scheduling{Position: diag.Position{File: SchedulerFile}}
	docs, _, _ := readAll(files)
	for _, d := range docs {
		if d.identity() != (identity{configGroup, "Scheduler", "", "cluster"}) {
			continue
		}
		s.ControlPlane, _ = d.value("spec", "mastersSchedulable").(bool)
		s.Position = diag.Position{File: d.path}
		if n := d.field("spec", "mastersSchedulable"); n != nil {
			s.Position.Line, s.Position.Column = n.Line, n.Column
		}
	}
	return s
}
