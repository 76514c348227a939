package ignition

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Roles are the roles that have a pointer config, <role>.ign.
var Roles = []string{"master", "worker", "arbiter"}

// machineConfigServerPort is where the machine config server answers over TLS.
const machineConfigServerPort = "22623"

// maxPointer is the largest pointer config that is read, in bytes. A changed
// one becomes a MachineConfig, and etcd takes objects of little over 1 MiB.
const maxPointer = 1 << 20

// Pointer makes the config of a machine of the given role: it fetches the rest
// from the machine config server on host, a name or an address, which it trusts
// by rootCA, a certificate as PEM. The result is valid by Ignition's own rules.
func Pointer(host, role string, rootCA []byte) ([]byte, error) {
	if !slices.Contains(Roles, role) {
		return nil, fmt.Errorf("there is no pointer config for role %q, only for %s", role, strings.Join(Roles, ", "))
	}
	if host == "" || len(rootCA) == 0 {
		return nil, fmt.Errorf("%s.ign needs the host of the machine config server and a root CA", role)
	}
	source := "https://" + net.JoinHostPort(host, machineConfigServerPort) + "/config/" + role
	config := types.Config{Ignition: types.Ignition{
		Version: specVersion,
		Config:  types.IgnitionConfig{Merge: []types.Resource{{Source: &source}}},
		Security: types.Security{TLS: types.TLS{
			CertificateAuthorities: []types.Resource{{Source: dataURL(rootCA)}},
		}},
	}}
	raw, err := encode(config)
	if err != nil {
		return nil, err
	}
	return raw, validateConfig(role+".ign", raw)
}

// Customised reports whether user, the content of the user's file, says something
// else than standard, the pointer config that Pointer made for the same role.
// The two are compared as configs: white space and the order of keys do not
// count, nor does an older spec that says the same.
//
// If they differ, rest is what the user's config holds besides the pointer: all
// of it but ignition.config.merge, as spec 3.2.0. It is to reach the nodes as
// MachineConfig 99-installer-ignition-<role>.
//
// A user's file that Ignition would refuse, or of which it would ignore a part,
// gives diag.Problems with the file's name and the places. So does one that
// cannot lead a machine into this cluster, which is usually another cluster's.
func Customised(file string, user, standard []byte) (rest []byte, changed bool, err error) {
	if bytes.Equal(user, standard) {
		return nil, false, nil
	}
	if len(user) > maxPointer {
		return nil, false, diag.Problems{{
			Position: diag.Position{File: file},
			Detail: fmt.Sprintf("is %d bytes long; what is added to it becomes one object of the cluster, which holds no more than %d",
				len(user), maxPointer),
			Hint: "split it: put large files into MachineConfigs of their own under openshift/",
		}}
	}
	theirs, problems := parse(file, user)
	if len(problems) == 0 {
		problems = checkJSON(file, user)
	}
	if err := problems.Err(); err != nil {
		return nil, false, err
	}
	ours, problems := parse("the standard "+file, standard)
	if err := problems.Err(); err != nil {
		return nil, false, err
	}
	a, err := encode(theirs)
	if err != nil {
		return nil, false, err
	}
	b, err := encode(ours)
	if err != nil {
		return nil, false, err
	}
	if bytes.Equal(a, b) {
		return nil, false, nil
	}
	if err := foreign(file, theirs, ours).Err(); err != nil {
		return nil, false, err
	}
	theirs.Ignition.Config.Merge = nil
	rest, err = encode(theirs)
	return rest, true, err
}

// foreign finds in a user's pointer config that it is another cluster's, or was
// this one's before its keys or names changed: it trusts another root CA and not
// this cluster's, or asks at another cluster's internal name. To ask elsewhere,
// such as at the address of a load balancer, or nowhere, is the user's choice.
func foreign(file string, theirs, ours types.Config) diag.Problems {
	const hint = "start from the file as okd-install makes it: move yours away, run the command again, and edit the new one"
	var problems diag.Problems
	refuse := func(path, detail string) {
		problems = append(problems, diag.Problem{Position: diag.Position{File: file}, Path: path, Detail: detail, Hint: hint})
	}
	trusted := map[string]bool{}
	for _, ca := range theirs.Ignition.Security.TLS.CertificateAuthorities {
		trusted[content(ca)] = true
	}
	for _, ca := range ours.Ignition.Security.TLS.CertificateAuthorities {
		if len(trusted) > 0 && !trusted[content(ca)] {
			refuse("ignition.security.tls.certificateAuthorities",
				"does not hold this cluster's root CA, so the machine could not fetch its config from the cluster")
		}
	}
	for _, r := range theirs.Ignition.Config.Merge {
		u, err := url.Parse(*r.Source)
		if err != nil || !strings.HasPrefix(u.Hostname(), "api-int.") {
			continue
		}
		if !slices.ContainsFunc(ours.Ignition.Config.Merge, func(o types.Resource) bool { return *o.Source == *r.Source }) {
			refuse("ignition.config.merge", "sends the machine to another cluster, at "+u.Host)
		}
	}
	return problems
}

// content is what a data URL holds, without the space around it; any other
// source stands for itself.
func content(r types.Resource) string {
	if r.Source == nil {
		return ""
	}
	data, err := decodeDataURL(*r.Source)
	if err != nil {
		return *r.Source
	}
	return strings.TrimSpace(string(data))
}

// IsPointer reports whether a file is a pointer config as Pointer makes it for
// the role, of whatever cluster: nothing in it is a user's.
func IsPointer(role string, raw []byte) bool {
	config, problems := parse(role+".ign", raw)
	merge, trusted := config.Ignition.Config.Merge, config.Ignition.Security.TLS.CertificateAuthorities
	if len(problems) > 0 || len(merge) != 1 || merge[0].Source == nil || len(trusted) != 1 {
		return false
	}
	source, err := url.Parse(*merge[0].Source)
	if err != nil || trusted[0].Source == nil {
		return false
	}
	authority, err := decodeDataURL(*trusted[0].Source)
	if err != nil {
		return false
	}
	standard, err := Pointer(source.Hostname(), role, authority)
	if err != nil {
		return false
	}
	_, changed, err := Customised(role+".ign", raw, standard)
	return err == nil && !changed
}
