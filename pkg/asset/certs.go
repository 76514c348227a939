package asset

import (
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/tls"
)

// Certificates is what the Ignition configs and the kubeconfig of an asset
// directory hold, and what that means for booting from them.
type Certificates struct {
	SchemaVersion int `json:"schemaVersion"`
	// State is the worst of all.
	State tls.State `json:"state"`
	// BootBy is until when machines should have booted, BootAtLatest until when
	// they must have: then the first certificate expires.
	BootBy       time.Time     `json:"bootBy"`
	BootAtLatest time.Time     `json:"bootAtLatest"`
	Certificates []Certificate `json:"certificates"`
}

// Certificate is one of them.
type Certificate struct {
	Name string `json:"name"`
	// Files are the places that hold it; those inside an Ignition config follow
	// its name after a colon.
	Files   []string  `json:"files"`
	Purpose string    `json:"purpose,omitempty"`
	State   tls.State `json:"state"`
	tls.Info
}

// ListCertificates reads the certificates of an asset directory without
// changing anything.
func ListCertificates(dir string, now time.Time) (Certificates, error) {
	files, err := assetdir.ReadOnly(dir, append(pointerFiles(), ignition.BootstrapFile, ignition.InPlaceFile, "auth/kubeconfig")...)
	if err != nil {
		return Certificates{}, err
	}
	if files[ignition.BootstrapFile] == nil && files[ignition.InPlaceFile] == nil {
		return Certificates{}, diag.Problems{{
			Position: diag.Position{File: dir}, Detail: "there is no bootstrap.ign here, so there is nothing to boot a cluster from",
			Hint: "run create ignition-configs, or give another directory with --dir",
		}}
	}
	l := lister{seen: map[[32]byte]int{}, now: now}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == "auth/kubeconfig" {
			l.addKubeconfig(name, tls.AdminKubeconfig, files[name])
			continue
		}
		config, err := inspect.Read(name, files[name])
		if err != nil {
			return Certificates{}, madeAgain(err)
		}
		for _, e := range config.Entries {
			if e.Kind == inspect.File {
				l.addHostFile(name, e)
			}
		}
	}
	if len(l.found) == 0 {
		return Certificates{}, diag.Problems{{
			Position: diag.Position{File: "bootstrap.ign"},
			Detail:   "there are no certificates in it",
			Hint:     "run create ignition-configs again",
		}}
	}
	return l.result(), nil
}

// madeAgain are the findings in a config that is not the user's to mend.
func madeAgain(err error) error {
	var problems diag.Problems
	parts, _ := diag.Findings(err)
	for _, part := range parts {
		var p diag.Problem
		if !errors.As(part, &p) {
			return err
		}
		p.Hint = "run create ignition-configs again"
		problems = append(problems, p)
	}
	return problems.Err()
}

func pointerFiles() []string {
	var names []string
	for _, role := range ignition.Roles {
		names = append(names, pointerFile(role))
	}
	return names
}

// lister collects certificates, each once.
type lister struct {
	now   time.Time
	found []Certificate
	seen  map[[32]byte]int
}

// addHostFile looks into a file of an Ignition config, if it is one that holds
// certificates of the cluster. The user's own trust bundle is not.
func (l *lister) addHostFile(config string, f inspect.Entry) {
	place, base := config+":"+f.Path, path.Base(f.Path)
	switch {
	case strings.HasPrefix(base, "kubeconfig"):
		for _, row := range tls.Kubeconfigs {
			if row.Host && path.Base(row.File) == base {
				l.addKubeconfig(place, row.Name, f.Data())
			}
		}
	case strings.HasPrefix(f.Path, "/opt/openshift/tls/") && strings.HasSuffix(base, ".crt"):
		l.addPEM(place, strings.TrimSuffix(base, ".crt"), f.Data())
	}
}

// addKubeconfig adds the client's certificate and the authorities it trusts.
func (l *lister) addKubeconfig(place, name string, data []byte) {
	row, _ := tls.LookupKubeconfig(name)
	config, _, err := readKubeconfig(data)
	if err != nil {
		return
	}
	for _, u := range config.Users {
		if u.Name == row.User { // others are somebody else's, of whatever cluster
			l.addPEM(place, row.Client, u.User.Cert)
		}
	}
	for _, k := range config.Clusters {
		if config.leadsTo(row.User, k) {
			l.addPEM(place, "", k.Cluster.Authority)
		}
	}
}

// addPEM adds the certificates of a file. The first is the one that the file is
// named after, if it is named after one; others are known by their subject.
func (l *lister) addPEM(place, name string, data []byte) {
	if _, ok := tls.Lookup(name); !ok {
		name = ""
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		infos, err := tls.Describe(pem.EncodeToMemory(block))
		if err != nil {
			continue
		}
		key := sha256.Sum256(block.Bytes)
		i, known := l.seen[key]
		if !known {
			i = len(l.found)
			l.seen[key] = i
			l.found = append(l.found, Certificate{Name: nameOf(infos[0]), Info: infos[0], State: infos[0].State(l.now)})
		}
		if name != "" {
			l.found[i].Name = name
		}
		if !slices.Contains(l.found[i].Files, place) {
			l.found[i].Files = append(l.found[i].Files, place)
		}
		name = ""
	}
}

// nameOf finds the row of an authority by the common name.
func nameOf(info tls.Info) string {
	cn := strings.TrimPrefix(strings.Split(info.Subject, ",")[0], "CN=")
	if _, ok := tls.Lookup(cn); ok {
		return cn
	}
	return "(" + cn + ")"
}

func (l *lister) result() Certificates {
	out := Certificates{SchemaVersion: 1, State: tls.Fresh, Certificates: l.found}
	for i := range out.Certificates {
		c := &out.Certificates[i]
		if row, ok := tls.Lookup(c.Name); ok {
			c.Purpose = row.Purpose
		}
		out.State = tls.Worse(out.State, c.State)
		if out.BootAtLatest.IsZero() || c.NotAfter.Before(out.BootAtLatest) {
			out.BootAtLatest = c.NotAfter
		}
	}
	out.BootBy = out.BootAtLatest.Add(-tls.Margin)
	slices.SortStableFunc(out.Certificates, func(a, b Certificate) int {
		if c := a.NotAfter.Compare(b.NotAfter); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}
