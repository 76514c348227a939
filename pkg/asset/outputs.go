package asset

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/tls"
)

// This file holds the last steps before the Ignition configs are written: are
// they good now, and is anything in their way?

func (c *creation) makeIgnitionConfigs(target Node[Files]) error {
	if _, err := c.manifests(); err != nil {
		return err
	}
	files, err := Get(c.run, target)
	if err != nil {
		return err
	}
	certs, err := Get(c.run, c.graph.Certificates)
	if err != nil {
		return err
	}
	if err := c.checkCertificates(certs); err != nil {
		return err
	}
	if err := c.protectOutputs(files); err != nil {
		return err
	}
	if err := c.tellDelivery(files[ignition.BootstrapFile]); err != nil {
		return err
	}
	c.report.Files = sortedKeys(files)
	maps.Copy(c.change.Write, files)
	for name, data := range files {
		c.state.Written[name] = sum(data)
	}
	for role, data := range c.edited {
		if name := pointerFile(role); sum(files[name]) == sum(data) {
			delete(c.state.Written, name) // the user's, also at the next run
		}
	}
	return c.consume(append([]string{installconfig.FileName}, sortedKeys(c.folders)...)...)
}

// checkCertificates refuses to write certificates that are not valid now: the
// clock was set back since they were made, or the user brought old ones.
func (c *creation) checkCertificates(certs map[string]tls.Pair) error {
	verdict := tls.Check(certs, c.Now)
	c.report.Deadline = &Deadline{Recommended: verdict.BootBy, Latest: verdict.BootAtLatest}
	var early, expired []string
	from, onlyShort := c.Now, true
	for _, f := range verdict.Certificates {
		switch f.State {
		case tls.NotYetValid:
			row, _ := tls.Lookup(f.Name)
			early, onlyShort = append(early, f.Name), onlyShort && row.Short()
			if f.NotBefore.After(from) {
				from = f.NotBefore
			}
		case tls.Expired:
			expired = append(expired, f.Name)
		}
	}
	now := c.Now.UTC().Format("2006-01-02 15:04 MST")
	var problems diag.Problems
	if len(early) > 0 {
		p := diag.Problem{
			Detail: fmt.Sprintf("this machine's clock says %s, but certificates of this directory are good only from %s on: %s", now, from.Format("2006-01-02 15:04 MST"), some(early)),
			Hint:   "set the clock; if it was wrong when they were made and is right now, start again in an empty directory with a copy of install-config.yaml",
		}
		if onlyShort {
			p.Hint = "set the clock; if it was wrong when they were issued and is right now, add --reissue"
		}
		problems = append(problems, p)
	}
	if len(expired) > 0 {
		problems = append(problems, diag.Problem{
			Detail: fmt.Sprintf("it is %s, and these certificates have expired: %s", now, some(expired)),
			Hint:   "replace them in tls/, or remove them there to have them made",
		})
	}
	return problems.Err()
}

// some names the first few of many.
func some(names []string) string {
	const few = 4
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few-1], ", "), len(names)-few+1)
}

// protectOutputs stops before it writes over a file that somebody else has
// changed or put there. With overwrite the file is moved aside. Links are refused
// when the files are committed.
func (c *creation) protectOutputs(files Files) error {
	var problems diag.Problems
	var there []string
	for _, name := range sortedKeys(files) {
		data, ok, err := c.dir.ReadFile(name)
		switch {
		case err != nil:
			return err
		case !ok, c.dir.IsLink(name), sum(data) == sum(files[name]), sum(data) == c.before.Written[name]:
			continue
		case c.Overwrite:
			c.moveAside(name)
			continue
		}
		there = append(there, name)
		p := diag.Problem{Position: diag.Position{File: name}, Detail: "the file was changed since okd-install wrote it, and would be written over"}
		if c.before.Written[name] == "" {
			p.Detail = "the file was not made by okd-install in this directory, and would be written over"
		}
		p.Hint = "move it away, or run the command with --overwrite, which moves it aside"
		problems = append(problems, p)
	}
	if len(there) > 0 && !c.before.exists() {
		return diag.Problems{{
			Position: diag.Position{File: c.Dir},
			Detail:   fmt.Sprintf("there is the result of an earlier run (%s) but no %s, so another cluster would be made now", strings.Join(there, ", "), StateFile),
			Hint:     "put that file back; or for a new cluster use an empty directory, or --overwrite, which moves the old result aside",
		}}
	}
	return problems.Err()
}

// moveAside plans to move a file or folder out of the way.
func (c *creation) moveAside(name string) {
	c.change.Aside[name] = path.Join(c.asideFolder(), name)
}

// asideFolder is the folder for what was in the way of this run.
func (c *creation) asideFolder() string {
	for n := 1; c.report.Aside == ""; n++ {
		name := "replaced-" + c.Now.UTC().Format("20060102T150405Z")
		if n > 1 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		if !c.dir.Exists(name) {
			c.report.Aside = name
		}
	}
	return c.report.Aside
}
