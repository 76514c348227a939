package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// Request is one file to download.
type Request struct {
	// URL is where the file is published, Signature where its signature is; the
	// latter may be empty.
	URL, Signature string
	// SHA256 is the sum that the file must have. UncompressedSHA256 is that of
	// what is compressed in it; it may be empty.
	SHA256, UncompressedSHA256 string
	// Mirror is a folder on another server that has the files under their names.
	Mirror string
	// Dir is where the file goes. Cache is a folder that keeps downloads for other
	// folders and other users of it; empty for none.
	Dir, Cache string
	// Most is how many bytes the file may have; 64 GiB if it is zero. Without it, a
	// server that does not end would fill the disk.
	Most int64
	// Decompress takes the file out of its compression.
	Decompress bool
	// SigningKey holds OpenPGP public keys; with them the signature must be good.
	SigningKey []byte
}

// Result is what Download has done.
type Result struct {
	// File is where the file is now.
	File string `json:"file"`
	URL  string `json:"url"`
	Size int64  `json:"size"`
	// SHA256 is the sum of the file as it was downloaded.
	SHA256 string `json:"sha256"`
	// UncompressedSHA256 is the sum of File if it was decompressed.
	UncompressedSHA256 string `json:"uncompressedSha256,omitempty"`
	// Source is network, cache, or present if the file was there already.
	Source string `json:"source"`
	// SignedBy is the fingerprint of the key whose signature was verified.
	SignedBy string `json:"signedBy,omitempty"`
}

// Where a file came from.
const (
	FromNetwork = "network"
	FromCache   = "cache"
	FromBefore  = "present"
)

// download is one Request under way.
type download struct {
	*Fetcher
	Request
	name string
	keys openpgp.EntityList
	// signature is the signature of the file, once it was needed.
	signature *signature
	result    Result
}

// Download brings a file to a folder. The file has its name there only when its
// sum is right, and so is its signature if keys are given; the signature is then
// kept beside it, with .sig after its name, where the next Download and
// coreos-installer look for it. A file of that name with another content is left
// alone, and is an error. When ctx ends, what came so far stays in a hidden file,
// and the next Download goes on from it.
func (f *Fetcher) Download(ctx context.Context, r Request) (Result, error) {
	d, err := f.prepare(r)
	if err != nil {
		return Result{}, err
	}
	for _, dir := range []string{r.Dir, r.Cache} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return Result{}, fileProblem(dir, "the folder cannot be made", err)
		}
	}
	if err := d.run(ctx); err != nil {
		return Result{}, err
	}
	return d.result, nil
}

// prepare checks a request before anything is asked of the network.
func (f *Fetcher) prepare(r Request) (*download, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || path.Base(u.Path) == "." || path.Base(u.Path) == "/" {
		return nil, diag.Problem{Detail: "the URL does not lead to a file on a web server", Hint: "write it like https://mirror.example.com/coreos/scos.iso"}
	}
	d := &download{Fetcher: f, Request: r, name: path.Base(u.Path)}
	if strings.ContainsAny(d.name, `/\:`) || strings.HasPrefix(d.name, ".") {
		return nil, diag.Problem{Detail: fmt.Sprintf("the URL ends in %q, which is not a good name for a file", d.name),
			Hint: "the last part of the URL becomes the name of the file"}
	}
	if len(r.SHA256) != 64 || strings.Trim(r.SHA256, "0123456789abcdef") != "" {
		return nil, diag.Problem{Detail: fmt.Sprintf("%q is not a SHA-256 sum of 64 hexadecimal digits in lower case", r.SHA256),
			Hint: "the publisher of the file states it; sha256sum prints it"}
	}
	if r.Mirror != "" {
		m, err := url.Parse(r.Mirror)
		if err != nil || m.Scheme != "https" && m.Scheme != "http" || m.Host == "" {
			return nil, diag.Problem{Detail: "the mirror is not a folder on a web server", Hint: "write it like https://mirror.example.com/coreos/"}
		}
		d.URL = m.JoinPath(d.name).String()
		if r.Signature != "" {
			d.Signature = m.JoinPath(path.Base(r.Signature)).String()
		}
	}
	if len(r.SigningKey) > 0 {
		if r.Signature == "" {
			return nil, diag.Problem{Detail: "there is no signature for " + d.name, Hint: "only Fedora CoreOS publishes signatures; without --signing-key the SHA-256 sum decides"}
		}
		if d.keys, err = readKeys(r.SigningKey); err != nil {
			return nil, err
		}
	}
	d.result = Result{URL: show(d.URL), SHA256: r.SHA256}
	return d, nil
}

func (d *download) run(ctx context.Context) error {
	plain, compressed := plainName(d.name)
	if d.Decompress && compressed {
		return d.runDecompressed(ctx, filepath.Join(d.Dir, plain))
	}
	final := filepath.Join(d.Dir, d.name)
	d.result.File = final
	there, err := d.present(ctx, final, d.SHA256)
	if err != nil {
		return err
	}
	if there {
		return d.verify(ctx, final)
	}
	if d.Cache == "" {
		return d.get(ctx, final)
	}
	cached, err := d.fill(ctx)
	if err != nil {
		return err
	}
	return d.copy(ctx, cached, final)
}

// runDecompressed ends with what is compressed in the file. The file itself stays
// in the cache, if there is one.
func (d *download) runDecompressed(ctx context.Context, final string) error {
	d.result.File = final
	there, err := d.present(ctx, final, d.UncompressedSHA256)
	if err != nil || there {
		if there && d.keys != nil {
			d.note("an earlier run decompressed the file, so its signature is not checked")
		}
		d.result.UncompressedSHA256 = d.UncompressedSHA256
		return err
	}
	source, kept := filepath.Join(d.Dir, d.name), false
	if d.Cache != "" {
		cached, err := d.fill(ctx)
		if err != nil {
			return err
		}
		if d.ownCached(cached) {
			source, kept = cached, true
		} else if err := d.copy(ctx, cached, source); err != nil { // its owner could change it while it is read
			return err
		}
	} else {
		there, err := d.present(ctx, source, d.SHA256)
		switch {
		case err != nil:
			return err
		case there:
			err = d.verify(ctx, source)
		default:
			err = d.get(ctx, source)
		}
		if err != nil {
			return err
		}
	}
	d.note("decompressing " + d.name)
	sum, size, err := d.decompress(ctx, source, final, d.UncompressedSHA256, func(done int64) {
		if d.Progress != nil {
			d.Progress(done, 0)
		}
	})
	if err != nil {
		return err
	}
	d.result.UncompressedSHA256, d.result.Size = sum, size
	if kept {
		return nil
	}
	for _, name := range []string{source, source + signatureEnding} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // another run may have
			return fileProblem(name, "the file cannot be removed", err)
		}
	}
	return nil
}

// present reports whether a file is there already, with the right content. One that
// somebody else owns is an error even so: he can change it after it was looked at.
func (d *download) present(ctx context.Context, final, want string) (bool, error) {
	if _, err := os.Stat(final); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	f, err := system.Open(ctx, final)
	if err != nil {
		return false, fileProblem(final, "the file cannot be examined", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return false, fileProblem(final, "the file cannot be examined", err)
	case !info.Mode().IsRegular():
		return false, diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(final)},
			Detail:   "something of this name exists that is not a file",
			Hint:     "give another folder with --directory",
		}
	}
	got, size, err := sumOpen(ctx, f, nil)
	switch {
	case err != nil:
		return false, err
	case got != want || want == "":
		return false, diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(final)},
			Detail:   "a file of this name with other content exists; it is left as it is",
			Hint:     "if you have put a config into it, give another folder with --directory; otherwise remove it",
		}
	}
	if err := system.Owned(final, info); err != nil {
		return false, diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(final)},
			Detail:   "a file of this name with the right content exists, but " + err.Error() + ", who can change it at any time",
			Hint:     "give another folder with --directory, or make the file yours with chown",
		}
	}
	d.result.Size, d.result.Source = size, FromBefore
	return true, nil
}

// get downloads the file, verifies it and gives it its name.
func (d *download) get(ctx context.Context, final string) error {
	part, err := openPartial(ctx, final, d.SHA256, func() { d.note("waiting: another process is downloading " + d.name) })
	if err != nil {
		return err
	}
	// While waiting for the lock another process may have finished the file.
	if _, err := os.Lstat(final); err == nil {
		part.discard()
		return d.taken(ctx, final)
	}
	// The signature comes first: that there is none is known before the file is fetched.
	if err := d.readSignature(ctx, final); err != nil {
		part.close()
		return err
	}
	if err := d.fetch(ctx, d.URL, d.Most, part); err != nil {
		part.close()
		return err
	}
	d.result.Size, d.result.Source = part.size, FromNetwork
	if err := d.complete(ctx, part); err != nil {
		return err
	}
	return d.keepSignature(final)
}

// complete looks at what is on the disk once more, and gives the file its name.
func (d *download) complete(ctx context.Context, part *partial) error {
	err := part.verify(ctx)
	if err != nil && ctx.Err() == nil {
		part.discard()
		return err
	}
	if err == nil {
		err = d.verifyAs(ctx, part.file, part.final)
	}
	if err != nil {
		part.close()
		return err
	}
	if err = part.finish(); errors.Is(err, fs.ErrExist) {
		return d.taken(ctx, part.final)
	}
	return err
}

// taken looks at a file that another process has put in place in the meantime.
func (d *download) taken(ctx context.Context, final string) error {
	if d.Cache != "" && final == d.cachePath() {
		got, size, err := fileSum(ctx, final, nil)
		if err == nil && got == d.SHA256 {
			d.result.Size, d.result.Source = size, FromCache
			return d.readSignature(ctx, final)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.present(ctx, final, d.SHA256); err != nil {
		return err
	}
	return d.verify(ctx, final)
}
