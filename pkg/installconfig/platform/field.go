package platform

import "github.com/okd-project/okd-install/pkg/release"

// Field is one row of the table of fields: what one field of an install-config
// is for, and what it may hold. The explanations, the JSON Schema and validation
// are made from the rows, so that they cannot contradict each other.
type Field struct {
	// Path names the field from the top of its object, without the brackets of
	// lists: clusterNetwork.cidr is the cidr of each entry of clusterNetwork.
	Path string
	// Text says in a few sentences what the field does.
	Text string
	// Default is the value that is filled in where the user gives none, as it is
	// written in YAML; empty if nothing is.
	Default string
	// Absent says what holds without a value where nothing is filled in.
	Absent string
	// Required tells that there is no cluster, or no entry, without the field.
	Required bool
	// Values are the words that are allowed, of each entry if the field is a
	// list; none if any are.
	Values []Value
	// Range bounds a number; nil if there is no bound that can be given here.
	Range *Range
	// Form names the pattern that a text has, or each entry of a list of texts.
	Form Form
	// Most is how many entries a list may have; 0 if there is no limit.
	Most int
	// Feature is what a release must have for the field; empty if all have it.
	Feature release.Feature
	// Deprecated names the field that took its place; empty if it is in use.
	Deprecated string
	// Example is a value as it is written in YAML.
	Example string
	// Ask is the question of the wizard for a field of a platform's block; empty
	// if it does not ask.
	Ask string
	// Secret tells that the value must not be shown.
	Secret bool
}

// Value is a word that a field may hold.
type Value struct {
	Word string
	// Text says what the word means, where it does not say so itself.
	Text string
	// Feature is what a release must have to know it; empty if all do.
	Feature release.Feature
}

// Since is the first release line that has the field on a supported platform;
// empty if all have it.
func (f Field) Since() string { return release.Since(f.Feature, Names()...) }

// Gate is the row with the feature gate that the field needs; the zero row if it
// needs none.
func (f Field) Gate() release.FeatureRow { return release.GateOf(f.Feature, Names()...) }

// Since is the first release line that knows the word; empty if all do.
func (v Value) Since() string { return release.Since(v.Feature, Names()...) }

// Range bounds a whole number on both sides.
type Range struct{ Min, Max int64 }

// Form is the kind of text that a field holds; empty for any text.
type Form string

// The forms. What each looks like stands beside the JSON Schema.
const (
	ClusterName Form = "cluster name"
	Domain      Form = "domain"
	CIDR        Form = "network"
	ServiceCIDR Form = "network of services"
	IPv4CIDR    Form = "IPv4 network"
	HTTPURL     Form = "http URL"
	WebURL      Form = "http or https URL"
	NoProxyList Form = "list of hosts, domains and networks"
	Repository  Form = "repository"
	PullSecret  Form = "pull secret"
	PEM         Form = "certificates in PEM"
	SSHKeys     Form = "public SSH keys"
	GateSetting Form = "setting of a feature gate"
	MAC         Form = "MAC address"
	Disk        Form = "absolute path"
)

// Between is a range with both its ends.
func Between(least, most int64) *Range { return &Range{Min: least, Max: most} }
