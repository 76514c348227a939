package asset

import (
	"bytes"
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/tls"
)

// This file holds what is special about auth/kubeconfig: people work with it, and
// their tools write to it. oc project and oc login add clusters, contexts, users
// and tokens, and a cluster gives it the authority of its ingress. All of that
// stays; okd-install looks after its own cluster, user and context only.

// keptKubeconfig is auth/kubeconfig as it is to stand there: as it is made, with what
// was added to it. It is empty where a result has none.
type keptKubeconfig struct {
	data []byte
	// made is the SHA-256 of it as it is made.
	made string
	// addedTo tells that something is added to the user's file.
	addedTo bool
	// elsewhere is where the user's file leads to, if that is not this cluster.
	elsewhere string
}

// in puts the kubeconfig into a result.
func (k keptKubeconfig) in(files Files) Files {
	if k.made == "" {
		return files
	}
	files = maps.Clone(files)
	files[kubeconfigFile] = k.data
	return files
}

// keepKubeconfig finds what becomes of the kubeconfig in a result.
func (o opened) keepKubeconfig(files Files) (k keptKubeconfig, err error) {
	made, ok := files[kubeconfigFile]
	if !ok {
		return k, nil
	}
	k.made = sum(made)
	if ca := o.before.IngressCA; ca != nil && ca.Kubeconfig == k.made {
		if made, err = withAuthorities(made, []byte(ca.Authorities)); err != nil {
			return k, err
		}
	}
	k.data = made
	have, there, err := o.dir.ReadFile(kubeconfigFile)
	if err != nil {
		return k, err
	}
	unedited := sum(have) == o.before.Written[kubeconfigFile]
	// a state file of before this was taken down tells nothing else
	unknown := o.before.Kubeconfig == ""
	if there && (!unknown || !unedited) {
		same := unknown || o.before.Kubeconfig == k.made
		if merged, at, kin := mergeKubeconfig(have, made, same); kin {
			k.data, k.addedTo, k.elsewhere = merged, !unedited && !bytes.Equal(merged, have), at
		}
	}
	return k, nil
}

// kubeconfig is such a file as far as it is looked at. What else is in it, is in
// the map that it was read from as well.
type kubeconfig struct {
	Clusters []kubeCluster `json:"clusters"`
	Contexts []kubeContext `json:"contexts"`
	Users    []kubeUser    `json:"users"`
}

type kubeCluster struct {
	Name    string `json:"name"`
	Cluster struct {
		Server    string `json:"server"`
		Authority []byte `json:"certificate-authority-data"`
	} `json:"cluster"`
}

type kubeContext struct {
	Name    string `json:"name"`
	Context struct {
		Cluster string `json:"cluster"`
		User    string `json:"user"`
	} `json:"context"`
}

type kubeUser struct {
	Name string `json:"name"`
	User struct {
		Cert []byte `json:"client-certificate-data"`
		Key  []byte `json:"client-key-data"`
	} `json:"user"`
}

var errNotKubeconfig = errors.New("this is not a kubeconfig")

// readKubeconfig reads the file twice: what is looked at, and all of it.
func readKubeconfig(data []byte) (typed kubeconfig, whole map[string]any, err error) {
	if yaml.Unmarshal(data, &whole) != nil || whole == nil || yaml.Unmarshal(data, &typed) != nil {
		return typed, nil, errNotKubeconfig
	}
	for list, n := range map[string]int{"clusters": len(typed.Clusters), "contexts": len(typed.Contexts), "users": len(typed.Users)} {
		entries, _ := whole[list].([]any)
		empty := slices.ContainsFunc(entries, func(e any) bool { _, ok := e.(map[string]any); return !ok })
		if len(entries) != n || empty {
			return typed, nil, errNotKubeconfig
		}
	}
	return typed, whole, nil
}

// putEntry sets fields of the n-th entry of a list, or adds an entry where n is -1.
// It reports whether that changed anything.
func putEntry(whole map[string]any, list, kind string, n int, name string, fields map[string]any) (changed bool) {
	entries, _ := whole[list].([]any)
	if n < 0 {
		whole[list] = append(entries, map[string]any{"name": name, kind: fields})
		return true
	}
	named, _ := entries[n].(map[string]any)
	content, _ := named[kind].(map[string]any)
	if content == nil {
		content = map[string]any{}
	}
	for key, value := range fields {
		changed = changed || content[key] != value
		content[key] = value
	}
	if changed {
		named[kind] = content
	}
	return changed
}

// mergeKubeconfig brings the entries of made, which has one of each kind, up to
// date in have, and leaves everything else there as it is. settled tells that
// made has not changed since it was last written: then what differs is the
// user's choice, and only authorities are added. It is the same bytes where
// nothing is to be changed.
//
// elsewhere is the address that the user has given the cluster. kin is false
// where have does not hold the administrator's key: then it is another file, or
// another cluster's.
func mergeKubeconfig(have, made []byte, settled bool) (merged []byte, elsewhere string, kin bool) {
	ours, _, err := readKubeconfig(made)
	theirs, whole, err2 := readKubeconfig(have)
	if err != nil || err2 != nil || len(ours.Clusters) != 1 || len(ours.Contexts) != 1 || len(ours.Users) != 1 {
		return nil, "", false
	}
	cluster, context, admin := ours.Clusters[0], ours.Contexts[0], ours.Users[0]
	user := slices.IndexFunc(theirs.Users, func(u kubeUser) bool {
		return bytes.Equal(u.User.Cert, admin.User.Cert) && bytes.Equal(u.User.Key, admin.User.Key)
	})
	if user < 0 {
		return nil, "", false
	}
	at := slices.IndexFunc(theirs.Clusters, func(k kubeCluster) bool { return k.Name == cluster.Name })
	if at >= 0 && theirs.Clusters[at].Cluster.Server != cluster.Cluster.Server && settled {
		elsewhere = theirs.Clusters[at].Cluster.Server
	}
	changed := false
	encoded := base64.StdEncoding.EncodeToString
	if settled {
		for i, k := range theirs.Clusters {
			before := k.Cluster.Authority
			if len(before) == 0 || k.Name != cluster.Name && k.Cluster.Server != cluster.Cluster.Server {
				continue
			}
			if after := mergePEM(before, cluster.Cluster.Authority); len(after) != len(before) {
				changed = putEntry(whole, "clusters", "cluster", i, k.Name, map[string]any{"certificate-authority-data": encoded(after)}) || changed
			}
		}
	} else {
		changed = putEntry(whole, "clusters", "cluster", at, cluster.Name,
			map[string]any{"server": cluster.Cluster.Server, "certificate-authority-data": encoded(cluster.Cluster.Authority)})
		name := theirs.Users[user].Name
		in := slices.IndexFunc(theirs.Contexts, func(x kubeContext) bool { return x.Name == context.Name })
		changed = putEntry(whole, "contexts", "context", in, context.Name, map[string]any{"cluster": cluster.Name, "user": name}) || changed
	}
	if !changed {
		return have, elsewhere, true
	}
	if merged, err = yaml.Marshal(whole); err != nil {
		return nil, "", false
	}
	return merged, elsewhere, true
}

// withAuthorities adds certificates to those by which a kubeconfig knows the
// administrator's cluster; clusters that somebody has added are somebody else's.
// It is the same bytes if they are there already.
func withAuthorities(file, authorities []byte) ([]byte, error) {
	typed, whole, err := readKubeconfig(file)
	if err != nil || len(typed.Clusters) == 0 {
		return nil, errNotKubeconfig
	}
	row, _ := tls.LookupKubeconfig(tls.AdminKubeconfig)
	changed := false
	for i, k := range typed.Clusters {
		if !typed.leadsTo(row.User, k) {
			continue
		}
		before := k.Cluster.Authority
		if after := mergePEM(before, authorities); len(after) != len(before) {
			putEntry(whole, "clusters", "cluster", i, k.Name, map[string]any{"certificate-authority-data": base64.StdEncoding.EncodeToString(after)})
			changed = true
		}
	}
	if !changed {
		return file, nil
	}
	return yaml.Marshal(whole)
}

// leadsTo reports whether the cluster is the one that a context leads to, by
// whatever name. In a file without that context all are.
func (f kubeconfig) leadsTo(context string, k kubeCluster) bool {
	for _, x := range f.Contexts {
		if x.Name != context {
			continue
		}
		for _, own := range f.Clusters {
			if own.Name == x.Context.Cluster {
				return own.Name == k.Name || own.Cluster.Server == k.Cluster.Server
			}
		}
	}
	return true
}
