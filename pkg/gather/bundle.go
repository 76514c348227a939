package gather

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
	"github.com/okd-project/okd-install/pkg/system"
)

// The most that is taken from one host, after decompression.
const (
	mostMembers = 100_000
	mostMember  = 4 << 30
	mostHost    = 16 << 30
)

// noteInBundle says who was asked, in the bundle.
const noteInBundle = "okd-install-gather.txt"

// packer writes a bundle from the archives of the hosts. Nothing of them is unpacked to
// disk: names, links and devices of a host that somebody else may have taken over do no
// harm here.
type packer struct {
	ctx     context.Context
	out     *tar.Writer
	top     string
	scratch *os.File
	// to writes to scratch as long as there is room.
	to     io.Writer
	redact *redact.Redactor
	seen   map[string]bool
	skip   func(name string) bool
	notes  []string
}

// fresh makes a file of its own in place of what a run that was cut off has left.
func fresh(name string) (*os.File, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return system.Create(name)
}

// pack writes the bundle under another name, and gives it its name when it is on the disk.
func (g *gathering) pack(ctx context.Context, name string, hosts []Host) error {
	if _, err := os.Lstat(name); err == nil {
		return diag.Problem{
			Position: diag.Position{File: name},
			Detail:   "a bundle of this name already exists",
			Hint:     "run the same command again",
		}
	}
	part := g.path("bundle.tar.gz")
	f, err := fresh(part)
	if err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	scratch, err := fresh(g.path("member"))
	if err != nil {
		return errors.Join(fileProblem(g.Dir, "the log bundle cannot be written", err), f.Close())
	}
	err = errors.Join(g.write(ctx, f, scratch, hosts), scratch.Close())
	if err == nil {
		err = system.Place(f, name, 0o600)
	} else {
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = syncFolder(g.Dir)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be written", err)
	}
	return nil
}

func (g *gathering) write(ctx context.Context, f io.Writer, scratch *os.File, hosts []Host) error {
	zipped := gzip.NewWriter(&roomy{w: f, g: g})
	p := &packer{
		ctx: ctx, out: tar.NewWriter(zipped), top: "log-bundle-" + g.note.ID, scratch: scratch,
		to: &roomy{w: scratch, g: g}, redact: redact.New(g.Secrets...), seen: map[string]bool{},
	}
	for _, h := range hosts {
		if h.Err != nil || h.Role != masterRole {
			continue
		}
		if err := p.add(g.path(masterFile(h.Endpoint)), masterFolder(h, hosts), false); err != nil {
			return err
		}
	}
	if hosts[0].Err == nil {
		// what the host itself could get of a machine that was asked from here is less
		p.skip = func(name string) bool {
			for _, h := range hosts[1:] {
				if h.Err == nil && strings.HasPrefix(name, masterFolder(h, hosts)+"/") {
					return true
				}
			}
			return false
		}
		if err := p.add(g.path(bootstrapFile), "", true); err != nil {
			return err
		}
	}
	if err := p.text(noteInBundle, g.story(hosts, p.notes)); err != nil {
		return err
	}
	return errors.Join(p.out.Close(), zipped.Close())
}

// masterFolder is where in the bundle the files of a machine stand: by its host, as the
// established installer has it, unless several machines are behind that, each at a port of
// its own.
func masterFolder(h Host, hosts []Host) string {
	for _, other := range hosts {
		if other.Role == masterRole && other.Host == h.Host && other.Port != h.Port {
			return "control-plane/" + h.Host + "_" + strconv.Itoa(h.Port)
		}
	}
	return "control-plane/" + h.Host
}

// story says in the bundle who was asked.
func (g *gathering) story(hosts []Host, notes []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gathered by okd-install, begun at %s\n", g.note.Started.UTC().Format("2006-01-02T15:04:05Z"))
	for _, h := range hosts {
		if h.Err == nil {
			fmt.Fprintf(&b, "%s %s: collected\n", h.Role, h.Endpoint)
		} else {
			fmt.Fprintf(&b, "%s %s: not collected: %s\n", h.Role, h.Endpoint, diag.FirstLine(h.Err.Error()))
		}
	}
	for _, n := range notes {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}

// errArchive marks what is wrong with an archive and not with our disk.
type errArchive struct{ error }

// add copies the members of an archive below a folder. With strip, their first folder is
// left out. A damaged archive is used as far as it goes.
func (p *packer) add(archive, folder string, strip bool) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	err = eachMember(f, func(h *tar.Header, r io.Reader) error {
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		name := path.Clean(h.Name)
		if h.Typeflag != tar.TypeReg || !fs.ValidPath(name) {
			return nil
		}
		if strip {
			_, name, _ = strings.Cut(name, "/")
		}
		name = path.Join(folder, name)
		if !fs.ValidPath(name) || name == folder || p.seen[name] || redact.Whole(name) || p.skip != nil && p.skip(name) {
			return nil
		}
		p.seen[name] = true
		return p.member(name, h, r)
	})
	var damaged errArchive
	if errors.As(err, &damaged) {
		p.notes = append(p.notes, fmt.Sprintf("the archive of %s is damaged, and used as far as it can be read: %s", folderName(folder),
			diag.Plain(damaged.Error())))
		return nil
	}
	return err
}

func folderName(folder string) string {
	if folder == "" {
		return "the bootstrap host"
	}
	return folder
}

// eachMember calls f with the members of a compressed archive.
func eachMember(r io.Reader, f func(*tar.Header, io.Reader) error) error {
	zipped, err := gzip.NewReader(r)
	if err != nil {
		return errArchive{err}
	}
	archive := tar.NewReader(io.LimitReader(zipped, mostHost))
	for range mostMembers {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errArchive{err}
		}
		if err := f(header, &marked{io.LimitReader(archive, mostMember)}); err != nil {
			return err
		}
	}
	return errArchive{fmt.Errorf("it has more than %d files", mostMembers)}
}

// marked marks what goes wrong while an archive is read.
type marked struct{ r io.Reader }

func (m *marked) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errArchive{err}
	}
	return n, err
}

// member writes a file without its secrets. Its size has to be known before, so it goes
// by way of a scratch file.
func (p *packer) member(name string, h *tar.Header, r io.Reader) error {
	if err := p.scratch.Truncate(0); err != nil {
		return err
	}
	if _, err := p.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	copyErr := p.clean(name, r)
	var damaged errArchive
	if copyErr != nil && !errors.As(copyErr, &damaged) {
		return copyErr
	}
	size, err := p.scratch.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := p.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := p.out.WriteHeader(p.header(name, size, h.ModTime)); err != nil {
		return errArchive{err}
	}
	if _, err := io.CopyN(p.out, p.scratch, size); err != nil {
		return err
	}
	return copyErr
}

func (p *packer) header(name string, size int64, changed time.Time) *tar.Header {
	return &tar.Header{Name: p.top + "/" + name, Typeflag: tar.TypeReg, Mode: 0o600, Size: size, ModTime: changed}
}

// clean copies a file into the scratch file without its secrets.
func (p *packer) clean(name string, r io.Reader) error {
	switch {
	case strings.HasSuffix(name, "openapi.json.gz"): // the API's own description
		_, err := io.Copy(p.to, r)
		return err
	case !strings.HasSuffix(name, ".gz"):
		return p.redact.Copy(p.to, r)
	}
	plain, err := gzip.NewReader(r)
	if err != nil { // it is not compressed, or empty
		return nil //nolint:nilerr // what cannot be read is left out, since it cannot be searched
	}
	packed := gzip.NewWriter(p.to)
	err = p.redact.Copy(packed, &marked{io.LimitReader(plain, mostMember)})
	var damaged errArchive
	if errors.As(err, &damaged) {
		err = nil // the file was damaged before it was archived, such as a journal that is being written
	}
	return errors.Join(err, packed.Close())
}

func (p *packer) text(name, text string) error {
	if err := p.out.WriteHeader(p.header(name, int64(len(text)), time.Time{})); err != nil {
		return err
	}
	_, err := io.WriteString(p.out, text)
	return err
}

// readMasters looks in the bundle of the bootstrap host for the machines that its API
// knows.
func (g *gathering) readMasters() error {
	f, err := os.Open(g.path(bootstrapFile))
	if err != nil {
		return fileProblem(g.Dir, "the log bundle cannot be read", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	err = eachMember(f, func(h *tar.Header, r io.Reader) error {
		if _, name, _ := strings.Cut(path.Clean(h.Name), "/"); name == "resources/masters.list" && h.Typeflag == tar.TypeReg {
			text, err := io.ReadAll(io.LimitReader(r, 64<<10))
			g.mastersList = string(text)
			return err
		}
		return nil
	})
	var damaged errArchive
	if errors.As(err, &damaged) {
		return nil // it is used as far as it goes
	}
	return err
}
