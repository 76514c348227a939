package asset

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
)

// This file holds the ways in which a machine gets its first config other than
// as bootstrap.ign: from a server, or in the live ISO of a single node.

// makeSingleNode makes the config of a node that bootstraps itself in place.
func (c *creation) makeSingleNode() error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil {
		return err
	}
	if loaded.Config.BootstrapInPlace == nil {
		p := diag.Problem{
			Position: diag.Position{File: installconfig.FileName}, Path: "bootstrapInPlace.installationDisk",
			Detail: "is missing: a single node installs itself to a disk",
			Hint: "write the disk, such as /dev/vda, and set controlPlane.replicas to 1; or run create ignition-configs for a " +
				"cluster with a bootstrap host",
		}
		return &installconfig.InvalidError{File: installconfig.FileName, Problems: diag.Problems{p}}
	}
	if r := c.release; !r.Has(release.NodeImageOverlay) {
		_, needed := r.Support(release.NodeImageOverlay, "")
		c.warn("release %s cannot be brought up on a live host: it needs Fedora CoreOS on a disk; choose %s or later for a single node, with --release",
			r.Line, needed.Since)
	}
	return c.makeIgnitionConfigs(c.graph.SingleNode)
}

// makeBootstrapPointer makes the config that has the bootstrap host fetch
// bootstrap.ign, as it is on disk, from a server.
func (c *creation) makeBootstrapPointer() error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil {
		return err
	}
	bootstrap, ok, err := c.dir.ReadFile(ignition.BootstrapFile)
	if err != nil {
		return err
	}
	if !ok {
		return diag.Problem{
			Position: diag.Position{File: c.Dir}, Detail: "there is no bootstrap.ign here that a server could offer",
			Hint: "run create ignition-configs first, or give another directory with --dir",
		}
	}
	config := loaded.Config
	raw, err := ignition.BootstrapPointer(c.URL, bootstrap, config.AdditionalTrustBundle, hostProxy(config))
	if err != nil {
		return err
	}
	files := Files{ignition.BootstrapPointerFile: raw}
	if err := c.protectOutputs(files, keptKubeconfig{}); err != nil {
		return err
	}
	if strings.HasPrefix(strings.ToLower(c.URL), "http:") {
		c.warn("--url is not https: whoever can listen on the network gets the keys in bootstrap.ign")
	}
	c.report.Files = slices.Sorted(maps.Keys(files))
	c.change.Write[ignition.BootstrapPointerFile] = raw
	c.state.Written[ignition.BootstrapPointerFile] = sum(raw)
	return nil
}

// tellDelivery warns if a bootstrap.ign is too large for the common ways to a
// machine, or is no longer the one that a pointer names.
func (c *creation) tellDelivery(bootstrap []byte) error {
	if bootstrap == nil {
		return nil
	}
	if size := ignition.EmbeddedSize(bootstrap); size > ignition.EmbedArea {
		c.warn("%s has %d bytes, and %d compressed: more than the %d that a live ISO has room for, and more than other common ways allow. "+
			"Put it on an https server and boot the bootstrap host with the small config that create bootstrap-pointer --url makes",
			ignition.BootstrapFile, len(bootstrap), size, ignition.EmbedArea)
	}
	pointer, ok, err := c.dir.ReadFile(ignition.BootstrapPointerFile)
	if err != nil || !ok {
		return err
	}
	hash := sha512.Sum512(bootstrap)
	if !bytes.Contains(pointer, []byte(hex.EncodeToString(hash[:]))) {
		c.warn("%s names another %s: run create bootstrap-pointer again", ignition.BootstrapPointerFile, ignition.BootstrapFile)
	}
	return nil
}
