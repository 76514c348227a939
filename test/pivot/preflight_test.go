//go:build e2e

package pivot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
)

const (
	preflight  = "okd-pivot-preflight.sh"
	secureBoot = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
)

// emptyDisk is a loop device without anything on it.
func emptyDisk(t *testing.T, size string, options ...string) string {
	t.Helper()
	need(t, "losetup")
	file := filepath.Join(t.TempDir(), "disk")
	sh(t, `truncate --size "$1" "$2"`, size, file)
	return attach(t, file, options...)
}

// liveMachine is one on which every check passes.
func liveMachine(t *testing.T, r pivot.Request) *host {
	t.Helper()
	h := newHost(t, r)
	h.fake("uname", "echo x86_64")
	return h
}

// Each thing that may be wrong with a machine is told, and all of them at once.
func TestPreflight(t *testing.T) {
	t.Parallel()
	variable := func(value string) func(*host) {
		return func(h *host) { h.write(secureBoot, value, 0o600) }
	}
	const bad = "bad shim signature"
	for _, c := range []struct {
		name   string
		r      func(pivot.Request) pivot.Request
		change func(*host)
		// problem and note are parts of the output; without a problem the check passes.
		problem, note string
	}{
		{name: "BIOS", note: "Secure Boot: bios"},
		{name: "off", change: variable("\x06\x00\x00\x00\x00"), note: "Secure Boot: off"},
		{name: "on", change: variable("\x06\x00\x00\x00\x01"), problem: "Secure Boot is on", note: bad},
		{name: "on but allowed", r: func(r pivot.Request) pivot.Request { r.AllowSecureBoot = true; return r }, change: variable("\x06\x00\x00\x00\x01"), note: "WARNING: Secure Boot is on"},
		{name: "missing", change: func(h *host) { efi(h, true) }, note: "it cannot be told whether Secure Boot is on"},
		{name: "short", change: variable("\x06\x00\x00\x00"), note: "it cannot be told whether Secure Boot is on"},
		{name: "empty", change: variable(""), note: "it cannot be told whether Secure Boot is on"},
		{name: "long", change: variable("\x06\x00\x00\x00\x01\x01"), note: "it cannot be told whether Secure Boot is on"},
		{name: "odd value", change: variable("\x06\x00\x00\x00\x07"), note: "it cannot be told whether Secure Boot is on"},
		{name: "unreadable", change: func(h *host) { h.write(secureBoot+"/x", "", 0o600) }, note: "it cannot be told whether Secure Boot is on"},
		{name: "not live", change: func(h *host) { _ = os.Remove(h.path("/run/ostree-live")) }, problem: "not booted from a CoreOS live medium"},
		{name: "other architecture", change: func(h *host) { h.fake("uname", "echo aarch64") }, problem: "this machine is aarch64"},
		{name: "no tools", r: el10, change: func(h *host) { _ = os.Remove(h.path("/usr/local/sbin/ostree")) }, problem: "the live system lacks ostree"},
		{name: "old processor", r: el10, change: func(h *host) { h.write("/proc/cpuinfo", "flags\t: fpu avx sse4_2\n", 0o644) }, problem: "the processor lacks abm avx2 bmi1"},
		{name: "old processor for 9", change: func(h *host) { h.write("/proc/cpuinfo", "flags\t: fpu\n", 0o644) }},
		{name: "new processor", r: el10},
		{name: "clock behind", r: func(r pivot.Request) pivot.Request { r.NotBefore = time.Now().Add(time.Hour); return r }, problem: "clock is behind"},
		{name: "expired", r: func(r pivot.Request) pivot.Request { r.NotAfter = time.Now().Add(-time.Hour); return r }, problem: "the certificates in master.ign expired"},
		{name: "not expired", r: func(r pivot.Request) pivot.Request { r.NotAfter = time.Now().Add(time.Hour); return r }},
		{name: "no network", change: func(h *host) { h.fake("curl", "exit 6") }, problem: "none of the registries answers: quay.io"},
		{name: "one registry of two", r: func(r pivot.Request) pivot.Request { r.Registries = []string{"mirror.test:5000", "quay.io"}; return r }, change: func(h *host) { h.fake("curl", `[[ $* == *quay.io* ]]`) }},
		{name: "no disk", r: func(r pivot.Request) pivot.Request { r.Device = "/dev/nothing"; return r }, problem: "there is no disk /dev/nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := request(emptyDisk(t, "120G"))
			if c.r != nil {
				r = c.r(r)
			}
			h := liveMachine(t, r)
			if c.change != nil {
				c.change(h)
			}
			out, err := h.run(preflight)
			if (err == nil) != (c.problem == "") || !strings.Contains(out, c.problem) || !strings.Contains(out, c.note) {
				t.Errorf("%v\n%s", err, out)
			}
			if strings.Contains(out, "PROBLEM") != (c.problem != "") || c.problem != "" && !strings.Contains(out, "nothing was written to ") {
				t.Errorf("%s", out)
			}
		})
	}
}

func TestPreflightFindsAll(t *testing.T) {
	t.Parallel()
	r := request("/dev/nothing")
	r.NotAfter = time.Unix(1700000001, 0)
	h := liveMachine(t, r)
	h.write(secureBoot, "\x06\x00\x00\x00\x01", 0o600)
	h.fake("curl", "exit 6")
	h.fake("uname", "echo s390x")
	_ = os.Remove(h.path("/run/ostree-live"))
	out, err := h.run(preflight)
	if err == nil || strings.Count(out, "PROBLEM") != 6 || !strings.Contains(out, "6 problems") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The disk itself: what is on it, what it is used for, how large it is.
func TestPreflightDisk(t *testing.T) {
	t.Parallel()
	reinstall := func(r pivot.Request) pivot.Request { r.Reinstall = true; return r }
	started := `mount "$1p3" "$2"; rm "$2/ignition.firstboot"; umount "$2"`
	for _, c := range []struct {
		name, prepare string
		disk          func(*testing.T) string
		r             func(pivot.Request) pivot.Request
		file          string
		problem       string
	}{
		{name: "written but never started", disk: fullDisk},
		{name: "started", disk: fullDisk, prepare: started, problem: "holds an installed system that has started before"},
		{name: "started, to be wiped", disk: fullDisk, prepare: started, r: reinstall},
		{name: "started, wiped by hand", disk: fullDisk, prepare: started, file: "/run/okd-pivot/reinstall"},
		{name: "mounted", disk: fullDisk, prepare: `mount "$1p3" "$2"`, problem: "is in use: it is mounted at"},
		{name: "small", disk: func(t *testing.T) string { return emptyDisk(t, "8G") }, problem: "has 8192 MiB, and the installation alone needs 12288"},
		{name: "write-protected", disk: func(t *testing.T) string { return emptyDisk(t, "120G", "--read-only") }, problem: "is write-protected"},
		{name: "a partition", disk: func(t *testing.T) string { return fullDisk(t) + "p4" }, problem: "is a part, not a whole disk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			device := c.disk(t)
			if c.prepare != "" {
				place := t.TempDir()
				sh(t, c.prepare, device, place)
				t.Cleanup(func() { sh(t, `umount --quiet "$1" || true`, place) })
			}
			r := request(device)
			if c.r != nil {
				r = c.r(r)
			}
			h := liveMachine(t, r)
			if c.file != "" {
				h.write(c.file, "", 0o600)
			}
			out, err := h.run(preflight)
			if (err == nil) != (c.problem == "") || !strings.Contains(out, c.problem) {
				t.Errorf("%v\n%s", err, out)
			}
			if m := mounted(t, device); m != "" && c.name != "mounted" {
				t.Errorf("mounted at %s", m)
			}
		})
	}
}

func fullDisk(t *testing.T) string { return newDisk(t, withoutOrphanFile, "clean") }

// fetchRequest is a worker that is booted from Fedora CoreOS and gets an image.
func fetchRequest(device string) pivot.Request {
	r := request(device)
	r.Release, r.Mode, r.OSImage, r.Medium = r422, pivot.ModeImage, "", fcos
	const sum = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" // of hello
	r.Images = []pivot.Image{
		{SectorSize: 512, URL: "https://files.test/metal.raw.gz", SHA256: sum},
		{SectorSize: 4096, URL: "https://files.test/metal4k.raw.gz", SHA256: sum},
	}
	return r
}

// What coreos-installer gets is what was published, or nothing.
func TestFetch(t *testing.T) {
	t.Parallel()
	write := `while [[ $1 != --output ]]; do shift; done; printf '%s' `
	for _, c := range []struct {
		name, curl, want string
		sectors          string
		ok               bool
	}{
		{name: "right", curl: write + `$'hello\n' >"$2"`, ok: true, want: "the image is the right one"},
		{name: "4K sectors", sectors: "4096", curl: `[[ $* == *metal4k* ]] || exit 22; ` + write + `$'hello\n' >"$2"`, ok: true, want: "metal4k"},
		{name: "resumed", curl: `[[ $(wc --lines <"$H/calls") -gt 1 ]] && { ` + write + `$'lo\n' >>"$2"; exit; }; ` + write + `hel >"$2"; exit 18`, ok: true, want: "not yet (1 of 5): fetch"},
		{name: "wrong", curl: write + `evil >"$2"`, want: "is not the image that was published"},
		{name: "gone", curl: `exit 22`, want: "the image cannot be fetched"},
		{name: "no memory", curl: `exit 0`, want: "free: give this machine more memory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var options []string
			if c.sectors != "" {
				options = []string{"--sector-size", c.sectors}
			}
			h := newHost(t, fetchRequest(emptyDisk(t, "120G", options...)))
			h.fake("curl", strings.ReplaceAll(c.curl, "$H", h.root))
			h.fake("sleep", "")
			if c.name == "no memory" {
				h.fake("df", `printf 'Avail\n 100\n'`)
			}
			out, err := h.run("okd-pivot-fetch.sh")
			if (err == nil) != c.ok || !strings.Contains(out, c.want) {
				t.Errorf("%v\n%s", err, out)
			}
			if h.exists("/var/tmp/okd-pivot/image.raw.gz") != c.ok {
				t.Error("coreos-installer would find the wrong thing")
			}
			if c.ok {
				h.forget()
				if out, err := h.run("okd-pivot-fetch.sh"); err != nil || !strings.Contains(out, "the image is here already") {
					t.Errorf("again: %v\n%s", err, out)
				}
			}
		})
	}
}

// The machine's sectors and the network decide before the disk is touched.
func TestPreflightImage(t *testing.T) {
	t.Parallel()
	device := emptyDisk(t, "120G", "--sector-size", "4096")
	r := fetchRequest(device)
	if out, err := liveMachine(t, r).run(preflight); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	h := liveMachine(t, r)
	h.fake("curl", "[[ $* != *metal4k* ]]")
	if out, err := h.run(preflight); err == nil || !strings.Contains(out, "the image is not to be had: https://files.test/metal4k.raw.gz") {
		t.Errorf("%v\n%s", err, out)
	}
	r.Images = r.Images[:1]
	if out, err := liveMachine(t, r).run(preflight); err == nil || !strings.Contains(out, "has sectors of 4096 bytes, and there is no image for that") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The same folder of variables, read by the script and by the program.
func TestFirmwareReadersAgree(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "\x06\x00\x00\x00", "\x06\x00\x00\x00\x00", "\x06\x00\x00\x00\x01", "\x06\x00\x00\x00\x02",
		"\x06\x00\x00\x00\x01\x00",
	} {
		h := newHost(t, request("/dev/none"))
		h.write(secureBoot, value, 0o600)
		got := sh(t, `source "$1"; secure_boot`, h.path("/usr/local/lib/okd-pivot/host.sh"))
		if want := rhcos.ReadFirmware(os.DirFS(h.path("/sys/firmware"))); got != string(want) {
			t.Errorf("%q: the script says %s, the program %s", value, got, want)
		}
	}
}
