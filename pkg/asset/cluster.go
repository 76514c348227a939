package asset

import (
	"crypto/rand"
	"time"

	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/tls"
)

// Files are files of the asset directory: slash-separated path -> content.
type Files = graph.Files

// Cluster holds the nodes that commands ask for.
type Cluster struct {
	InstallConfig graph.Node[installconfig.Loaded]
	// Origin tells what the manifests are made from, for comparison with the
	// folders on disk: field path -> SHA-256.
	Origin graph.Node[map[string]string]
	// Generated holds the manifests as they are made, Manifests as they count:
	// with the user's folders in their place, if there are any.
	Generated, Manifests graph.Node[Files]
	Checked              graph.Node[checkedManifests]
	Certificates         graph.Node[map[string]tls.Pair]
	Identity             graph.Node[clusterIdentity]
	// Platform is what the cluster gets because of its platform.
	Platform graph.Node[platform.Parts]
	// EditedPointers holds the pointer configs as they count.
	EditedPointers graph.Node[pointers]
	// Ignition holds everything that create ignition-configs writes.
	Ignition graph.Node[Files]
	// SingleNode holds everything that create single-node-ignition-config writes.
	SingleNode graph.Node[Files]
}

// inputs is what the graph is built on: what the directory, the command line
// and the environment say, read beforehand.
type inputs struct {
	// InstallConfig reads the user's file.
	InstallConfig func() ([]byte, error)
	Release       release.Release
	Environment   Environment
	Version       string
	Now           time.Time
	// LeafKey is the kind of key of certificates that are not authorities.
	LeafKey tls.KeySpec
	// Reissue makes the 24-hour certificates again whatever their age.
	Reissue bool
	// Provided holds what the user brought in tls/.
	Provided provisions
	// Pointers is what the user has made of the <role>.ign files.
	Pointers pointerEdits
}

// newCluster is the asset graph of okd-install on one screen. Read it from top
// to bottom: each line says what a thing is called and what it is made from.
func newCluster(in inputs) Cluster {
	// what the user says, on the command line and in the environment
	target := graph.Value("release", in.Release)
	leafKey := graph.Value("leaf-key", in.LeafKey)
	environment := graph.Value("environment", in.Environment.host())
	provenance := graph.Value("provenance", provenance{in.Environment.Invoker, in.Version})

	// what the user wrote, and the narrow views on it that others depend on
	file := graph.Source(installconfig.FileName, in.InstallConfig)
	loaded := graph.From3("install-config", file, target, graph.Value("strictness", in.Environment.strictness()), loadConfig)
	config := graph.From1("cluster-config", loaded, func(l installconfig.Loaded) (installconfig.InstallConfig, error) { return l.Config, nil })
	name := graph.From1("cluster-name", config, clusterName)
	authorityKey := graph.From2("signer-key", config, target, signerKey)

	// what is random, and remembered
	identity := graph.From1("cluster-id", name, newIdentity).Keep(checkIdentity, nil)
	parts := graph.From3("platform", config, identity, target, platformParts)
	names := graph.From2("cluster-names", config, parts, clusterNames)
	password := in.password()
	keys := graph.Collect("key-pairs", in.keyPairs(leafKey)...)
	certificates, all := in.certificates(names, authorityKey, leafKey)
	durable := graph.Collect("durable-certificates", named(certificates, "root-ca", "machine-config-server")...)
	admins := graph.Collect("kubeconfig-certificates", named(certificates, adminCertificates()...)...)
	day := graph.Collect("certificates", all...)

	// files
	pointers := graph.From2("pointer-configs", names, certificates["root-ca"], pointerConfigs)
	edited := graph.From2("edited-pointer-configs", pointers, graph.Value("pointer-edits", in.Pointers), editedPointers)
	generated := graph.From8("generated-manifests", config, target, identity, parts, durable, password, pointers, provenance,
		generateManifests)
	onDisk := graph.Editable(graph.From1("manifests", generated, func(f Files) (Files, error) { return f, nil }),
		manifests.Dir, manifests.OpenshiftDir)
	checked := graph.From2("checked-manifests", onDisk, target, checkManifests)
	hostTLS := graph.From3("bootstrap-host-tls", names, day, keys, tls.HostFiles)
	host := graph.From8("bootstrap-host", config, target, environment, parts, checked, hostTLS, keys, edited, bootstrapHost)
	bootstrap := graph.From1("bootstrap.ign", host, ignition.Bootstrap)
	inPlace := graph.From2("bootstrap-in-place-for-live-iso.ign", host, config, inPlaceIgnition)
	kubeconfig := graph.From2("auth/kubeconfig", names, admins, adminKubeconfig)
	metadata := graph.From3("metadata.json", config, identity, parts, metadataJSON)

	return Cluster{
		InstallConfig: loaded,
		Origin:        graph.From5("manifests-origin", config, identity, durable, password, target, manifestsOrigin),
		Generated:     generated,
		Manifests:     onDisk,
		Checked:       checked,
		Certificates:  day,
		Identity:      identity,
		Platform:      parts,

		EditedPointers: edited,
		Ignition:       graph.From6("ignition-configs", config, bootstrap, edited, kubeconfig, password, metadata, ignitionConfigs),
		SingleNode:     graph.From5("single-node-ignition-config", inPlace, edited, kubeconfig, password, metadata, singleNodeIgnition),
	}
}

// certificates makes a node of every row of the table: from the names that the
// row speaks of, the kind of its key and, for a leaf, its signer. The long-lived
// ones are made again only when they are about to expire.
//
// The rows that live for a day also depend on the one moment at which all of them
// are issued, so that they are issued again together: after half a day, and when
// an authority is made again, since a leaf cannot be older than its signer.
func (in inputs) certificates(
	names graph.Node[tls.Names], signerKey, leafKey graph.Node[tls.KeySpec],
) (byName map[string]graph.Node[tls.Pair], all []graph.Node[tls.Pair]) {
	byName = map[string]graph.Node[tls.Pair]{}
	noNames, noSigner, anyTime := graph.Value("", tls.Names{}), graph.Value("", tls.Pair{}), graph.Value("", time.Time{})
	add := func(row tls.Certificate, from graph.Node[time.Time], fresh func(tls.Pair, time.Time) bool) {
		says, key, signer := names, leafKey, byName[row.Signer]
		if row.Authority() {
			says, key, signer = noNames, signerKey, noSigner
		}
		n := graph.From4(row.Name, says, key, signer, from, in.mint(row)).Keep(checkPair(row), fresh)
		if given, ok := in.Provided.Certificates[row.Name]; ok {
			n = graph.Value(row.Name, given)
		}
		byName[row.Name], all = n, append(all, n)
	}
	var authorities []graph.Node[tls.Pair]
	for _, row := range tls.Certificates {
		if !row.Short() {
			add(row, anyTime, outlivesBoot)
		}
		if !row.Short() && row.Authority() {
			authorities = append(authorities, byName[row.Name])
		}
	}
	issued := graph.From1("issue-time", graph.Collect("authorities", authorities...), in.issueTime).Keep(checkMoment, in.recent)
	for _, row := range tls.Certificates {
		if row.Short() {
			add(row, issued, nil) // the issue time decides on their age
		}
	}
	return byName, all
}

// named are the certificates of these names, in their order.
func named(certificates map[string]graph.Node[tls.Pair], names ...string) []graph.Node[tls.Pair] {
	var nodes []graph.Node[tls.Pair]
	for _, name := range names {
		nodes = append(nodes, certificates[name])
	}
	return nodes
}

// password is the kubeadmin password: the user's hash, or one that is made.
func (in inputs) password() graph.Node[manifests.Password] {
	if p := in.Provided.Password; p != nil {
		return graph.Value("kubeadmin-password", *p)
	}
	return graph.Source("kubeadmin-password", func() (manifests.Password, error) {
		return manifests.NewPassword(rand.Reader)
	}).Keep(func(p manifests.Password, _ []any) error { return p.Check() }, nil)
}

// keyPairs makes a node of every row of the table of key pairs that is needed:
// those that only a user brings exist only if one did.
func (in inputs) keyPairs(leafKey graph.Node[tls.KeySpec]) []graph.Node[tls.KeyPair] {
	var nodes []graph.Node[tls.KeyPair]
	for _, row := range tls.KeyPairs {
		if given, ok := in.Provided.KeyPairs[row.Name]; ok {
			nodes = append(nodes, graph.Value(row.Name, given))
		} else if !row.UserOnly {
			nodes = append(nodes, graph.From1(row.Name, leafKey, func(k tls.KeySpec) (tls.KeyPair, error) { return tls.NewKeyPair(row.Name, k) }).
				Keep(func(p tls.KeyPair, _ []any) error { return p.Check(row.Name) }, nil))
		}
	}
	return nodes
}
