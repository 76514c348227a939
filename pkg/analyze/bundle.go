package analyze

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// The most that is read of a bundle, after decompression.
const (
	maxMembers = 200_000
	maxMember  = 1 << 30
	maxBundle  = 8 << 30
	// maxKept bounds the lines that are kept, in bytes, which a bundle of 100,000 logs
	// could make as large as itself.
	maxKept = 64 << 20
)

// tops are the names that a bundle has at its top. What stands before one of them is the
// bundle's own folder.
var tops = []string{
	"bootstrap", "control-plane", "resources", "rendered-assets", "unit-status", "journals", "serial",
	"clusterapi", "node-dbginfo", "failed-units.txt", "gather.log",
}

// collection is what was learned of a bundle, file by file in any order.
type collection struct {
	records map[string][]record
	places  map[string]string // service -> file of its records
	logs    []logMatches
	// resources and small hold the files that checks.go looks at, by their name below the
	// bundle's folder.
	small map[string][]byte
	names map[string]string
	notes []string
	// own are the addresses of each machine, by what machineOf calls it.
	own map[string]map[string]bool
	// asked reports whether a machine has asked the machine config server for its config;
	// served that there is a log of that server.
	asked, served bool
	// full tells that no more lines are kept.
	full       bool
	files      int
	left, kept int64
}

// logMatches is what a log says. File is the name in the bundle, place the one below the
// bundle's folder.
type logMatches struct {
	file, place string
	said
}

func newCollection() *collection {
	return &collection{
		records: map[string][]record{}, places: map[string]string{}, small: map[string][]byte{},
		names: map[string]string{}, own: map[string]map[string]bool{}, left: maxBundle,
	}
}

// FS analyzes a bundle that was unpacked. Only regular files are opened; pass an fs.FS
// that does not follow links out of its root, such as that of an os.Root.
func FS(bundle fs.FS) (Report, error) {
	c := newCollection()
	err := fs.WalkDir(bundle, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			c.note("%s cannot be read", name)
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !c.wanted(name) {
			return nil
		}
		f, err := bundle.Open(name)
		if err != nil {
			c.note("%s cannot be read", name)
			return nil //nolint:nilerr // the rest of the bundle is read all the same
		}
		c.add(name, f)
		return f.Close()
	})
	if err != nil {
		return Report{}, err
	}
	return c.report(), nil
}

// Tar analyzes a bundle as it is, compressed or not. It reads the stream to its end and
// keeps nothing else than what a report needs. A bundle that is cut off is analyzed as far
// as it goes, which the report notes; what is no bundle at all is an error.
func Tar(r io.Reader) (Report, error) {
	in := bufio.NewReader(r)
	var stream io.Reader = in
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		zipped, err := gzip.NewReader(in)
		if err != nil {
			return Report{}, notABundle("it is damaged at its very beginning")
		}
		stream = zipped
	}
	c := newCollection()
	archive := tar.NewReader(&budget{stream, maxBundle})
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if c.files == 0 {
				return Report{}, notABundle("it is not a tar archive")
			}
			c.note("the bundle is damaged or cut off after %d files; these files are used", c.files)
			break
		}
		if c.files++; c.files > maxMembers {
			c.note("the bundle has more than %d files; the rest is not read", maxMembers)
			break
		}
		name := strings.TrimPrefix(path.Clean(header.Name), "./")
		if header.Typeflag == tar.TypeReg && fs.ValidPath(name) && c.wanted(name) {
			c.add(name, archive)
		}
	}
	return c.report(), nil
}

func notABundle(why string) error {
	return diag.Problem{Detail: "this is not a log bundle: " + why,
		Hint: "give the log-bundle-….tar.gz that gather bootstrap wrote, or the folder that it was unpacked to"}
}

// budget ends a stream that expands to more than anything real.
type budget struct {
	r    io.Reader
	left int64
}

var errTooLarge = errors.New("it expands to more than a bundle can hold")

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (c *collection) note(format string, args ...any) {
	if len(c.notes) < 20 {
		c.notes = append(c.notes, diag.Plain(fmt.Sprintf(format, args...)))
	}
}

// below returns the name of a file below the folder of its bundle.
func below(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if slices.Contains(tops, part) && i <= 3 {
			return strings.Join(parts[i:], "/")
		}
	}
	return ""
}

// wanted reports whether a file is looked at.
func (c *collection) wanted(name string) bool {
	place := below(name)
	return service(place) != "" || isLog(place) || isSmall(place)
}

// service returns the service whose records a file holds, or nothing. Services that the
// table of stages does not have are passed over: there may be any number of them.
func service(place string) string {
	name, ok := strings.CutPrefix(place, "bootstrap/services/")
	name, json := strings.CutSuffix(name, ".json")
	if !ok || !json || !slices.ContainsFunc(stages, func(s Stage) bool { return s.Service == name }) {
		return ""
	}
	return name
}

func isLog(place string) bool {
	dir, base := path.Split(place)
	switch {
	case base == "journal.log.gz":
		return true
	case strings.HasPrefix(place, "serial/"):
		return !strings.HasSuffix(base, ".gz")
	case !strings.HasSuffix(base, ".log"):
		return strings.HasPrefix(dir, "unit-status/") || strings.HasPrefix(dir, "control-plane/") && strings.Contains(dir, "/unit-status/")
	}
	return strings.HasPrefix(place, "bootstrap/") || strings.HasPrefix(place, "control-plane/") || strings.HasPrefix(place, "unit-status/")
}

func isSmall(place string) bool {
	switch place {
	case "failed-units.txt", "resources/nodes.list", "resources/masters.list", "resources/csr.json", "resources/clusteroperators.json":
		return true
	}
	return isAddresses(place)
}

// isAddresses reports whether a file lists the addresses of its machine.
func isAddresses(place string) bool { return strings.HasSuffix(place, "/network/ip-addr.txt") }

// machineOf names the machine that a file is of; empty for the bootstrap host.
func machineOf(place string) string {
	switch parts := strings.SplitN(place, "/", 3); {
	case parts[0] == "control-plane" && len(parts) == 3:
		return parts[1]
	case parts[0] == "serial" && len(parts) == 2 && !strings.Contains(parts[1], "bootstrap"):
		return parts[1]
	}
	return ""
}

// learnAddresses takes down addresses of a machine: those that it says, and the one that
// its folder is named after.
func (c *collection) learnAddresses(place string, addresses []string) {
	name := machineOf(place)
	if c.own[name] == nil {
		if len(c.own) > maxMembers/100 {
			return
		}
		c.own[name] = map[string]bool{}
		if ip, err := netip.ParseAddr(name); err == nil {
			c.own[name][ip.Unmap().String()] = true
		}
	}
	for _, a := range addresses[:min(len(addresses), 4*mostHosts)] {
		c.own[name][a] = true
	}
}

// isOwn reports whether a host is an address of the machine that a file is of.
func (c *collection) isOwn(place, host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && c.own[machineOf(place)][ip.Unmap().String()]
}

// add learns what a file says.
func (c *collection) add(name string, r io.Reader) {
	place := below(name)
	name = diag.Plain(name) // from here on it is only shown
	r = &budget{r, min(c.left, maxMember)}
	switch {
	case service(place) != "":
		c.addRecords(name, service(place), r)
	case isSmall(place):
		data, err := io.ReadAll(io.LimitReader(r, maxRecordsFile))
		if err != nil {
			c.note("%s is not read to the end", name)
		}
		c.left -= int64(len(data))
		if isAddresses(place) {
			c.learnAddresses(place, addressesOf(strings.ToLower(string(data))))
			return
		}
		c.small[place], c.names[place] = data, name
	default:
		c.addLog(name, place, r)
	}
}

func (c *collection) addRecords(name, service string, r io.Reader) {
	data, err := io.ReadAll(io.LimitReader(r, maxRecordsFile+1))
	c.left -= int64(len(data))
	if err == nil {
		c.records[service], err = records(data)
	}
	c.places[service] = name
	if err != nil {
		c.note("%s: %v", name, err)
	}
}

func (c *collection) addLog(name, place string, r io.Reader) {
	if strings.HasSuffix(place, ".gz") {
		zipped, err := gzip.NewReader(r)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				c.note("%s is not compressed as its name says", name)
			}
			return
		}
		r = &budget{zipped, min(c.left, maxMember)}
	}
	counted := &counter{r: r}
	r = counted
	if strings.HasPrefix(place, "bootstrap/containers/machine-config-server") {
		c.served = true
		r = io.TeeReader(r, &lookout{text: " requested by ", found: &c.asked})
	}
	found, err := scan(place, r)
	c.left -= counted.n
	if err != nil {
		c.note("%s is not read to the end", name)
	}
	c.learnAddresses(place, found.own)
	if len(found.matches) == 0 {
		return
	}
	for _, m := range found.matches {
		c.kept += int64(len(m.text))
	}
	if c.kept > maxKept {
		if !c.full {
			c.full = true
			c.note("the logs contain more signs of trouble than real logs do; those from %s on are ignored", name)
		}
		return
	}
	c.logs = append(c.logs, logMatches{name, place, found})
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// lookout looks for a text in what is written to it.
type lookout struct {
	text  string
	found *bool
	end   string
}

func (l *lookout) Write(p []byte) (int, error) {
	if !*l.found {
		seen := l.end + string(p)
		*l.found = strings.Contains(seen, l.text)
		l.end = seen[max(0, len(seen)-len(l.text)):]
	}
	return len(p), nil
}
