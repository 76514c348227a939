package release

// lineFact is one word that the machine-config operator of some lines takes.
// since and until are the first and the last line that does, as in features; an
// empty until is open.
type lineFact struct {
	name, since, until string
}

// ignitionSpecs are the newest Ignition specs that the machine-config operator
// reads in a MachineConfig, by the line that brought each. The operator counts
// here, whatever the boot image reads: it renders nothing at all when a
// MachineConfig is newer. No line up to 5.0 reads 3.6.0.
var ignitionSpecs = []lineFact{
	{name: "3.4.0", since: "4.16"},
	{name: "3.5.0", since: "4.19"},
}

// extensions are the names that spec.extensions of a MachineConfig may hold.
var extensions = []lineFact{
	{name: "ipsec", since: "4.16"},
	{name: "kerberos", since: "4.16"},
	{name: "kernel-devel", since: "4.16"},
	{name: "sandboxed-containers", since: "4.16"},
	{name: "sysstat", since: "4.18"},
	{name: "two-node-ha", since: "4.19"},
	{name: "usbguard", since: "4.16"},
	{name: "wasm", since: "4.16", until: "4.21"},
}

// kernelTypes are the words of spec.kernelType of a MachineConfig.
var kernelTypes = []lineFact{
	{name: "default", since: "4.16"},
	{name: "realtime", since: "4.16"},
	{name: "64k-pages", since: "4.16"},
}

// IgnitionSpec is the newest Ignition spec that the release's machine-config
// operator reads, such as 3.5.0.
func (r Release) IgnitionSpec() string {
	names := r.facts(ignitionSpecs)
	return names[len(names)-1]
}

// Extensions lists, sorted, what spec.extensions of a MachineConfig may hold.
func (r Release) Extensions() []string { return r.facts(extensions) }

// ExtensionElsewhere names the line nearest to this one that knows an extension
// which this one does not: the first, where later is set, or the last. It is
// empty for a name that no line has.
func (r Release) ExtensionElsewhere(name string) (line string, later bool) {
	for _, f := range extensions {
		switch {
		case f.name != name:
		case !r.AtLeast(f.since):
			return f.since, true
		case f.until != "" && r.Line != f.until && r.AtLeast(f.until):
			return f.until, false
		}
	}
	return "", false
}

// KernelTypes lists what spec.kernelType of a MachineConfig may be, besides empty.
func (r Release) KernelTypes() []string { return r.facts(kernelTypes) }

// facts are the names that hold for the release's line. A line older than the
// table, or none at all, counts as its oldest.
func (r Release) facts(table []lineFact) (names []string) {
	if !r.AtLeast(oldestLine) {
		r.Line = oldestLine
	}
	for _, f := range table {
		if r.AtLeast(f.since) && (f.until == "" || !r.AtLeast(f.until) || r.Line == f.until) {
			names = append(names, f.name)
		}
	}
	return names
}

const oldestLine = "4.16"
