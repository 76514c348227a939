package asset

import (
	"errors"
	"path"
	"slices"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/tls"
)

// tlsDir is where a user may put certificates, keys and a password of their own.
const tlsDir = "tls"

// provisions is what the user brought in tls/ instead of having it made.
type provisions struct {
	Certificates map[string]tls.Pair
	KeyPairs     map[string]tls.KeyPair
	Password     *manifests.Password
}

// readProvided reads tls/: certificates only when the environment asks for it,
// the password and the token signing key whenever they are there.
func (o opened) readProvided(r release.Release) (p provisions, err error) {
	names := []string{manifests.PasswordHashFile, manifests.PasswordClearFile}
	for _, row := range tls.KeyPairs {
		if row.UserOnly {
			names = append(names, path.Join(tlsDir, row.Name+".key"), path.Join(tlsDir, row.Name+".pub"))
		}
	}
	files, err := o.dir.ReadFiles(names...)
	if err != nil {
		return p, err
	}
	var problems diag.Problems
	if hash, ok := files[manifests.PasswordHashFile]; ok {
		password, err := manifests.ProvidedPassword(hash, files[manifests.PasswordClearFile])
		if problems, err = collect(problems, err); err != nil {
			return p, err
		}
		p.Password = &password
	}
	if p.KeyPairs, err = tls.ProvidedKeyPairs(files); err != nil {
		if problems, err = collect(problems, err); err != nil {
			return p, err
		}
	}
	if o.Environment.LoadClusterCerts {
		if p.Certificates, err = o.readCertificates(r); err != nil {
			if problems, err = collect(problems, err); err != nil {
				return p, err
			}
		}
	}
	return p, problems.Err()
}

// checkOwn stops where certificates that the user brought earlier are not brought
// again: others would be made in their place. Certificates in tls/ that nobody asked
// for are named in a warning.
func (o opened) checkOwn(own []string) (warnings []string, err error) {
	if o.before.OwnCertificates != nil && !slices.Equal(own, o.before.OwnCertificates) && !o.Overwrite {
		return nil, diag.Problems{{
			Position: diag.Position{File: o.Dir},
			Detail: "this directory was made with certificates of your own (" + diag.And(diag.Few(o.before.OwnCertificates, few)) +
				"), which are missing now",
			Hint: "put them back into tls/ and set OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS=true; " +
				"or use --overwrite to have all certificates made for another cluster",
		}}
	}
	if o.Environment.LoadClusterCerts {
		if len(own) == 0 {
			warnings = append(warnings, "OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS is set, but tls/ does not contain a certificate that "+
				"this cluster uses")
		}
		return warnings, nil
	}
	var unused []string
	for _, row := range tls.Certificates {
		if name := path.Join(tlsDir, row.Name+".crt"); o.dir.Exists(name) {
			unused = append(unused, name)
		}
	}
	if len(unused) > 0 {
		warnings = append(warnings,
			diag.And(diag.Few(unused, few))+" is not used, because OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS is not set to true")
	}
	return warnings, nil
}

// readCertificates reads the user's certificates. Which names the leaves must
// have follows from the install-config, which is therefore read first.
func (o opened) readCertificates(r release.Release) (map[string]tls.Pair, error) {
	loaded, err := o.loadConfig(r)
	if err != nil {
		return nil, err
	}
	parts, err := platform.Of(loaded.Config, manifests.Identity{}, r)
	if err != nil {
		return nil, err
	}
	names, err := clusterNames(loaded.Config, parts)
	if err != nil {
		return nil, err
	}
	files, err := o.dir.ReadFolder(tlsDir)
	if err != nil {
		return nil, err
	}
	return tls.Provided(files, names, o.Now)
}

// collect adds a user's problems to others; any other error is passed on, and
// so are those of the install-config, which end a run in their own way.
func collect(problems diag.Problems, err error) (diag.Problems, error) {
	var invalid *installconfig.InvalidError
	var more diag.Problems
	if !errors.As(err, &invalid) && errors.As(err, &more) {
		return append(problems, more...), nil
	}
	return problems, err
}

// readEditedPointers reads the <role>.ign files that are not as they were last
// written: the user has changed them.
func readEditedPointers(dir *assetdir.Dir, before State) (Files, error) {
	edited := Files{}
	for _, role := range ignition.Roles {
		name := pointerFile(role)
		data, ok, err := dir.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if ok && sum(data) != before.Written[name] {
			edited[role] = data
		}
	}
	return edited, nil
}

// consume plans to remove inputs, if the user wants that, and remembers them.
func (c *creation) consume(names ...string) error {
	if !c.ConsumeInputs {
		return nil
	}
	for _, name := range names {
		data, ok, err := c.dir.ReadFile(name)
		if err != nil {
			return err
		}
		if ok {
			c.change.Remove = append(c.change.Remove, name)
			c.report.Consumed = append(c.report.Consumed, name)
			c.state.Consumed[name] = data
		}
	}
	return nil
}
