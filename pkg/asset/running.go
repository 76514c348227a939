package asset

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	block "github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/platform"
)

// This file holds what the directory gives to, and takes from, a cluster that is
// coming up or running.

// RunningCluster is what an asset directory tells about its cluster. All of it but
// Limits is empty where there is no install-config, or none that can be read.
type RunningCluster struct {
	// Limits are how long the waits give it.
	Limits platform.Limits
	// Platform is its name in the install-config, such as none.
	Platform string
	// Domain is below which api and api-int stand.
	Domain string
	// Declared are the machines and addresses that the platform's block names.
	platform.Declared
}

// ReadRunning reads what the directory tells about its cluster. It never fails
// on the install-config: the cluster is made, and that file has done its work.
func ReadRunning(dir string) (RunningCluster, error) {
	c := RunningCluster{Limits: platform.LimitsOf(block.Platform{})}
	data, _, err := ReadConfig(dir)
	if err != nil || data == nil {
		return c, err
	}
	var config struct {
		BaseDomain string `json:"baseDomain"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Platform map[string]json.RawMessage `json:"platform"`
	}
	if yaml.Unmarshal(data, &config) != nil {
		return c, nil //nolint:nilerr // what cannot be read tells nothing
	}
	if config.Metadata.Name != "" && config.BaseDomain != "" {
		c.Domain = installconfig.InstallConfig{
			Metadata:   installconfig.ObjectMeta{Name: config.Metadata.Name},
			BaseDomain: config.BaseDomain,
		}.ClusterDomain()
	}
	for name, raw := range config.Platform {
		p := platform.ReadBlock(name, raw)
		c.Platform, c.Limits, c.Declared = name, platform.LimitsOf(p), platform.DeclaredIn(p)
	}
	return c, nil
}

// Update says how a file of the directory is written outside of a create command.
type Update struct {
	Dir string
	// Command is what others see while they wait for this run.
	Command   string
	Overwrite bool
	// AllowShared takes a directory that its group or others may write to.
	AllowShared bool
	Now         time.Time
	LockWait    time.Duration
	Waiting     func(holder string)
	// Warn is called with what is worth a line and stops nothing; it may be nil.
	Warn func(diag.Problem)
}

func (u Update) opening() assetdir.Opening {
	return assetdir.Opening{Command: u.Command, Wait: u.LockWait, Waiting: u.Waiting, AllowShared: u.AllowShared}
}

func (u Update) close(dir *assetdir.Locked) {
	if err := dir.Close(); err != nil && u.Warn != nil {
		u.Warn(finding(err))
	}
}

// IngressCA remembers which authorities were added to which kubeconfig, so that
// the same file can be made again, and another cluster's is left alone.
type IngressCA struct {
	// Authorities is PEM.
	Authorities string `json:"authorities"`
	// Kubeconfig is the SHA-256 of the file as it is made, without them.
	Kubeconfig string `json:"kubeconfig"`
}

// AddIngressCA adds the authorities of the cluster's ingress, as PEM, to those of
// the cluster in auth/kubeconfig, and reports whether any was new. A later create
// ignition-configs writes the same file again.
func AddIngressCA(ctx context.Context, u Update, authorities []byte) (added bool, err error) {
	dir, err := assetdir.Open(ctx, u.Dir, u.opening())
	if err != nil {
		return false, err
	}
	defer u.close(dir)
	before, ok, err := dir.ReadFile(kubeconfigFile)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, problemIn(dir.Abs(kubeconfigFile),
			"this file, to which the cluster's ingress authority is to be added, does not exist",
			"run the same create command again to get it back")
	}
	after, err := withAuthorities(before, authorities)
	if err != nil {
		return false, problemIn(dir.Abs(kubeconfigFile), err.Error(), "run the same create command again to get it back")
	}
	state, err := readState(dir.Dir)
	if err != nil {
		return false, err
	}
	change := assetdir.Change{Write: Files{kubeconfigFile: after}}
	// a file that somebody has edited stays theirs
	if state.exists() && state.Written[kubeconfigFile] == sum(before) {
		state = state.clone()
		state.remember(sum(before), sum(after), authorities)
		if change.Write[assetdir.StateFile], err = state.marshal(); err != nil {
			return false, err
		}
	}
	written, err := dir.Commit(change)
	return slices.Contains(written, kubeconfigFile), err
}

// remember takes down that the kubeconfig has got authorities.
func (s *State) remember(before, after string, authorities []byte) {
	ca := IngressCA{Kubeconfig: cmp.Or(s.Kubeconfig, before)}
	if old := s.IngressCA; old != nil && (old.Kubeconfig == ca.Kubeconfig || s.Kubeconfig == "") {
		ca = *old
	}
	ca.Authorities = string(mergePEM([]byte(ca.Authorities), authorities))
	s.IngressCA = &ca
	s.Written[kubeconfigFile] = after
}

// mergePEM appends to base the certificates of more that are not in it.
func mergePEM(base, more []byte) []byte {
	seen := map[string]bool{}
	for block, rest := pem.Decode(base); block != nil; block, rest = pem.Decode(rest) {
		seen[string(block.Bytes)] = true
	}
	out := slices.Clone(base)
	for block, rest := pem.Decode(more); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil || seen[string(block.Bytes)] {
			continue
		}
		seen[string(block.Bytes)] = true
		if len(out) > 0 && out[len(out)-1] != '\n' {
			out = append(out, '\n')
		}
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes})...)
	}
	return out
}

// WriteFiles writes files that a running cluster has given, such as worker.ign.
// What somebody else has changed or put there is not written over: with
// Overwrite it is moved aside, into the folder that is returned.
func WriteFiles(ctx context.Context, u Update, files Files) (written []string, aside string, err error) {
	dir, err := assetdir.Open(ctx, u.Dir, u.opening())
	if err != nil {
		return nil, "", err
	}
	defer u.close(dir)
	before, err := readState(dir.Dir)
	if err != nil {
		return nil, "", err
	}
	c := newCreation()
	c.opened = opened{Request: Request{Dir: u.Dir, Overwrite: u.Overwrite, Now: u.Now}, dir: dir.Dir, before: before}
	c.state = before.clone()
	var problems diag.Problems
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, ok, err := dir.ReadFile(name)
		switch {
		case err != nil:
			return nil, "", err
		case !ok, dir.IsLink(name), sum(data) == sum(files[name]), sum(data) == before.Written[name]:
		case u.Overwrite:
			c.moveAside(name)
		default:
			problems = append(problems, diag.Problem{
				Position: diag.Position{File: dir.Abs(name)},
				Detail:   "another file of that name exists, and would be overwritten",
				Hint:     "move it away, or run the command with --overwrite, which moves it aside",
			})
		}
		c.change.Write[name] = files[name]
		c.state.Written[name] = sum(files[name])
	}
	if err := problems.Err(); err != nil {
		return nil, "", err
	}
	if before.exists() {
		if c.change.Write[assetdir.StateFile], err = c.state.marshal(); err != nil {
			return nil, "", err
		}
	}
	written, err = dir.Commit(c.change)
	return slices.DeleteFunc(written, func(name string) bool { return name == assetdir.StateFile }), c.report.Aside, err
}

func problemIn(file, detail, hint string) error {
	return diag.Problems{{Position: diag.Position{File: file}, Detail: detail, Hint: hint}}
}
