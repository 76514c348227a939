package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// The most that Read takes in: bytes of a config, and entries.
const (
	maxConfig  = 64 << 20
	maxEntries = 20_000
)

// The stable specs of the older generation go up to this one; those of the
// present one up to ignition.NewestSpec.
const lastOfOlder = "2.4.0"

// knownSpec reports whether Read knows what the fields of a spec mean. A spec that
// is not stable yet, such as 3.6.0-experimental, reads as the stable one will.
func knownSpec(version string) bool {
	stable := strings.TrimSuffix(version, "-experimental")
	for _, newest := range []string{lastOfOlder, ignition.NewestSpec} {
		generation, minor := newest[:2], int(newest[2]-'0')
		for i := range minor + 1 {
			if stable == generation+strconv.Itoa(i)+".0" {
				return true
			}
		}
	}
	return false
}

// Read reads a config of any known spec. It never panics, whatever it is given;
// name is the file that its errors speak of. Where contents of a config cannot be
// decoded, the error lists them, and the config is returned all the same: their
// entries are Unreadable.
func Read(name string, raw []byte) (Config, error) {
	fail := func(detail, hint string) (Config, error) {
		return Config{}, diag.Problem{Position: diag.Position{File: name}, Detail: detail, Hint: hint}
	}
	switch {
	case len(raw) > maxConfig:
		return fail(fmt.Sprintf("is larger than %d MiB", maxConfig>>20), "")
	case len(bytes.TrimSpace(raw)) == 0:
		return fail("is empty", "")
	}
	if bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		return fail("begins with a byte order mark, as a Windows program writes it, which Ignition does not accept",
			"save it as UTF-8 without a byte order mark")
	}
	r := &reader{left: ignition.MaxContent}
	if err := r.config(raw); err != nil {
		if !json.Valid(raw) && bytes.TrimSpace(raw)[0] == '{' {
			return fail("is not JSON, or is incomplete", "run okd-install ignition validate to see where")
		}
		if !json.Valid(raw) {
			return fail("is not JSON, as an Ignition config must be", "if it is a Butane file, convert it with butane")
		}
		return fail(err.Error(), "")
	}
	if r.found.Version == "" {
		return fail("is JSON, but not an Ignition config: it has no ignition.version", "an Ignition config has a spec there, such as 3.2.0")
	}
	if !knownSpec(r.found.Version) {
		return Config{}, diag.Problem{
			Position: diag.Position{File: name}, Path: "ignition.version",
			Detail: fmt.Sprintf("%.20q is not a known spec: 2.0.0 to %s and 3.0.0 to %s are known",
				r.found.Version, lastOfOlder, ignition.NewestSpec),
			Hint: "correct it; or, if the config is newer than this version of okd-install, use a newer version",
		}
	}
	for i := range r.unreadable {
		r.unreadable[i].File = name
	}
	r.found.sort()
	return r.found, r.unreadable.Err()
}

type reader struct {
	found Config
	left  int
	// unreadable are the contents that cannot be decoded.
	unreadable diag.Problems
}

// resource is a content as both generations of the spec write it.
type resource struct {
	Source       *string `json:"source"`
	Compression  string  `json:"compression"`
	Verification struct {
		Hash string `json:"hash"`
	} `json:"verification"`
}

// config reads the sections of a config. What it does not know is kept as it is.
func (r *reader) config(raw json.RawMessage) error {
	sections := map[string]func(json.RawMessage) error{
		"ignition": r.ignition, "storage": r.storage, "systemd": r.systemd, "networkd": r.networkd, "passwd": r.passwd,
	}
	return members("", raw, func(key string, value json.RawMessage) error {
		if read := sections[key]; read != nil {
			return read(value)
		}
		return r.setting(key, value)
	})
}

func (r *reader) ignition(raw json.RawMessage) error {
	return members("ignition", raw, func(key string, value json.RawMessage) error {
		switch key {
		case "version":
			return decode("ignition.version", value, &r.found.Version)
		case "config":
			return members("ignition.config", value, func(key string, value json.RawMessage) error {
				if key == "replace" {
					return r.resource(Source, "ignition.config.replace", value)
				}
				return r.resources(Source, "ignition.config."+key, value)
			})
		case "security":
			return members("ignition.security", value, func(key string, value json.RawMessage) error {
				return members("ignition.security."+key, value, func(inner string, value json.RawMessage) error {
					return r.resources(Authority, "ignition.security."+key+"."+inner, value)
				})
			})
		}
		return r.setting("ignition."+key, value)
	})
}

func (r *reader) storage(raw json.RawMessage) error {
	kinds := map[string]Kind{"files": File, "directories": Directory, "links": Link}
	return members("storage", raw, func(key string, value json.RawMessage) error {
		if kind, ok := kinds[key]; ok {
			return elements("storage."+key, value, func(where string, value json.RawMessage) error {
				return r.node(kind, where, value)
			})
		}
		return r.setting("storage."+key, value)
	})
}

// node reads a file, directory or link.
func (r *reader) node(kind Kind, where string, raw json.RawMessage) error {
	var n struct {
		Path        string
		Mode        *int
		User, Group owner
		Contents    resource
		Append      json.RawMessage
		Target      string
		Hard        bool
	}
	if err := decode(where, raw, &n); err != nil {
		return err
	}
	e := Entry{Path: diag.Printable(path.Clean("/" + n.Path)), Kind: kind, User: n.User.String(), Group: n.Group.String()}
	switch kind {
	case Link:
		e.Target, e.Hard = diag.Printable(n.Target), n.Hard
	case Directory:
		e.Mode = 0o755
	default:
		e.Mode = 0o644
		if err := r.contents(&e, where, n.Contents, n.Append); err != nil {
			return err
		}
	}
	if n.Mode != nil && kind != Link {
		e.Mode = *n.Mode & 0o7777
	}
	return r.add(e)
}

// contents reads the content of a file and what is appended. In spec 2.x append
// is a switch, and an empty source an empty file.
func (r *reader) contents(e *Entry, where string, c resource, more json.RawMessage) error {
	var flag bool
	switch string(bytes.TrimSpace(more)) {
	case "true", "false":
		flag = string(bytes.TrimSpace(more)) == "true"
		more = nil
	}
	if err := r.part(e, where+".contents", c, flag); err != nil {
		return err
	}
	return elements(where+".append", more, func(where string, raw json.RawMessage) error {
		var c resource
		if err := decode(where, raw, &c); err != nil {
			return err
		}
		return r.part(e, where, c, true)
	})
}

// part adds a content to an entry. A file without a source has none: Ignition
// leaves what is there, or makes an empty file.
func (r *reader) part(e *Entry, where string, c resource, appended bool) error {
	if c.Source == nil {
		return nil
	}
	p := Part{Append: appended, Hash: diag.Printable(c.Verification.Hash), Compressed: c.Compression != ""}
	switch source := *c.Source; {
	case source == "":
		p.Data = []byte{}
	case strings.HasPrefix(source, "data:"):
		data, err := ignition.Content(source, c.Compression, r.left)
		if errors.Is(err, ignition.ErrTooLarge) {
			return fmt.Errorf("%s.%w", where, err)
		}
		if err != nil {
			e.Unreadable = true
			field, detail, _ := strings.Cut(err.Error(), ": ")
			r.unreadable = append(r.unreadable, diag.Problem{
				Path:   where + "." + field,
				Detail: "the content of " + e.Path + " cannot be read: " + detail,
			})
			return nil
		}
		r.left -= len(data)
		p.Data = data
	default:
		p.URL = diag.Printable(source)
	}
	e.Parts = append(e.Parts, p)
	return nil
}

func (r *reader) resources(kind Kind, where string, raw json.RawMessage) error {
	return elements(where, raw, func(where string, raw json.RawMessage) error { return r.resource(kind, where, raw) })
}

func (r *reader) resource(kind Kind, where string, raw json.RawMessage) error {
	var c resource
	if err := decode(where, raw, &c); err != nil {
		return err
	}
	if c.Source == nil {
		return nil
	}
	e := Entry{Path: where, Kind: kind}
	if err := r.part(&e, where, c, false); err != nil {
		return err
	}
	return r.add(e)
}

func (r *reader) systemd(raw json.RawMessage) error {
	return members("systemd", raw, func(key string, value json.RawMessage) error {
		if key == "units" {
			return elements("systemd.units", value, func(where string, raw json.RawMessage) error { return r.unit(unitDir, where, raw) })
		}
		return r.setting("systemd."+key, value)
	})
}

func (r *reader) networkd(raw json.RawMessage) error {
	return members("networkd", raw, func(key string, value json.RawMessage) error {
		if key == "units" {
			return elements("networkd.units", value, func(where string, raw json.RawMessage) error {
				return r.unit("/etc/systemd/network/", where, raw)
			})
		}
		return r.setting("networkd."+key, value)
	})
}

// unit reads a unit with its drop-ins, which are entries of their own.
func (r *reader) unit(dir, where string, raw json.RawMessage) error {
	type text struct {
		Name     string
		Contents *string
	}
	var u struct {
		text
		Enabled *bool
		// Enable is spec 2.0's word.
		Enable  bool
		Mask    bool
		Dropins json.RawMessage
	}
	if err := decode(where, raw, &u); err != nil {
		return err
	}
	if u.Enable && u.Enabled == nil {
		u.Enabled = &u.Enable
	}
	name := diag.Printable(path.Clean("/" + u.Name))
	e := Entry{Path: path.Join(dir, name), Kind: Unit, Mode: 0o644, Enabled: u.Enabled, Masked: u.Mask}
	if u.Contents != nil && *u.Contents != "" {
		e.Parts = []Part{{Data: []byte(*u.Contents)}}
	}
	if err := r.add(e); err != nil {
		return err
	}
	return elements(where+".dropins", u.Dropins, func(where string, raw json.RawMessage) error {
		var d text
		if err := decode(where, raw, &d); err != nil {
			return err
		}
		e := Entry{Path: path.Join(dir, name+".d", diag.Printable(path.Clean("/"+d.Name))), Kind: Dropin, Mode: 0o644}
		if d.Contents != nil {
			e.Parts = []Part{{Data: []byte(*d.Contents)}}
		}
		return r.add(e)
	})
}

func (r *reader) passwd(raw json.RawMessage) error {
	kinds := map[string]Kind{"users": user, "groups": group}
	return members("passwd", raw, func(key string, value json.RawMessage) error {
		kind, ok := kinds[key]
		if !ok {
			return r.setting("passwd."+key, value)
		}
		return elements("passwd."+key, value, func(where string, raw json.RawMessage) error {
			var named struct{ Name string }
			if err := decode(where, raw, &named); err != nil {
				return err
			}
			return r.add(Entry{Path: fmt.Sprintf("passwd.%s[%s]", key, diag.Printable(named.Name)), Kind: kind, Parts: []Part{{Data: indent(raw)}}})
		})
	})
}

// setting keeps a field that is not known by name, unless it is empty.
func (r *reader) setting(where string, raw json.RawMessage) error {
	switch string(bytes.TrimSpace(raw)) {
	case "null", "{}", "[]":
		return nil
	}
	return r.add(Entry{Path: diag.Printable(where), Kind: setting, Parts: []Part{{Data: indent(raw)}}})
}

func (r *reader) add(e Entry) error {
	if len(r.found.Entries) == maxEntries {
		return fmt.Errorf("it holds more than %d files and settings", maxEntries)
	}
	e.order = len(r.found.Entries)
	r.found.Entries = append(r.found.Entries, e)
	return nil
}

// owner is a user or group, by name or number.
type owner struct {
	ID   *int
	Name *string
}

func (o owner) String() string {
	switch {
	case o.Name != nil:
		return diag.Printable(*o.Name)
	case o.ID != nil:
		return strconv.Itoa(*o.ID)
	}
	return ""
}

// indent gives JSON one field per line.
func indent(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(raw), "", "  ") != nil || b.Len() > 8*len(raw)+64 {
		return append([]byte(nil), raw...) // only lines are lost
	}
	b.WriteByte('\n')
	return b.Bytes()
}
