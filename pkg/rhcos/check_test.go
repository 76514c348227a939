package rhcos

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	pinned := BootImage{FCOS, 39, "39.20231101.3.0", "20231101", ""}
	with := func(i BootImage, arch string) BootImage { i.Architecture = arch; return i }
	ten := BootImage{SCOS10, 10, "10.0.20251103-0", "20251103", ""}
	for name, want := range map[string]BootImage{
		"stable": pinned, "fcos": pinned, "39.20231101.3.0": pinned, "fedora-coreos-39.20231101.3.0": pinned,
		"c10s": ten, "centos-10": ten, "10.0.20251103-0": ten,
		"10.0.20250628-0": {SCOS10, 10, "10.0.20250628-0", "20250628", ""},
		"c9s":             {SCOS9, 9, "9.0.20250510-0", "20250510", ""},
		"https://builds.coreos.fedoraproject.org/prod/streams/stable/builds/39.20231101.3.0/x86_64/fedora-coreos-39.20231101.3.0-live.x86_64.iso": with(pinned, "x86_64"),
		"fedora-coreos-39.20231101.3.0-live-kernel-aarch64":        with(pinned, "aarch64"),
		"/isos/SCOS-10.0.20251103-0-live-iso.x86_64.iso":           with(ten, "x86_64"),
		`C:\isos\scos-10.0.20251103-0-live-iso.ppc64le.iso`:        with(ten, "ppc64le"),
		"https://example.com/scos-10.0.20251103-0-x.s390x.img?t=1": with(ten, "s390x"),
		"fedora-coreos-42.20250410.3.2-live-iso.x86_64.iso":        {FCOS, 42, "42.20250410.3.2", "20250410", "x86_64"},
		"42.20250410.3.2":        {FCOS, 42, "42.20250410.3.2", "20250410", ""},
		"fcos-42":                {FCOS, 42, "", "", ""},
		"Fedora-CoreOS 41":       {FCOS, 41, "", "", ""},
		"fedora-coreos-live.iso": {FCOS, 0, "", "", ""},
		"scos-9":                 {SCOS9, 9, "9.0.20250510-0", "20250510", ""},
		"scos-9.iso":             {SCOS9, 9, "", "", ""},
		"417.9.202412022032-0":   {SCOS9, 9, "417.9.202412022032-0", "20241202", ""},
		"10.0.20260702-0":        {SCOS10, 10, "10.0.20260702-0", "20260702", ""},
		"rhcos":                  {RHCOS, 0, "", "", ""},
		"rhcos-4.18":             {RHCOS, 4, "", "", ""},
		"rhcos-9.6.20250523-0-live-iso.x86_64.iso":    {RHCOS, 0, "9.6.20250523-0", "", "x86_64"},
		"rhcos-418.94.202501221327-0-live.x86_64.iso": {RHCOS, 0, "418.94.202501221327-0", "", "x86_64"},
		"418.94.202501221327-0":                       {RHCOS, 0, "418.94.202501221327-0", "", ""},
		"9.6.20250523-0":                              {RHCOS, 0, "9.6.20250523-0", "", ""},
	} {
		if got, err := Identify(c, name); err != nil || got != want {
			t.Errorf("Identify(%s) = %+v, %v\nwant %+v", name, got, err, want)
		}
	}
	for name, want := range map[string]string{
		"":          "cannot be identified",
		"debian":    "cannot be identified",
		"scos":      "the version of CentOS Stream CoreOS of the image",
		"scos-11":   "the version of CentOS Stream CoreOS of the image",
		"c9":        "did you mean c9s?",
		"fcosmos":   "cannot be identified",
		"10.0.2025": "cannot be identified",
	} {
		if got, err := Identify(c, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Identify(%s) = %+v, %v, want %s", name, got, err, want)
		}
	}
}

func TestISOLabel(t *testing.T) {
	t.Parallel()
	iso := make([]byte, 40000)
	copy(iso[isoDescriptor:], isoMark)
	copy(iso[isoDescriptor+isoLabel:], "scos-10.0.20251103-0            ")
	if got, err := ISOLabel(bytes.NewReader(iso)); err != nil || got != "scos-10.0.20251103-0" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range [][]byte{nil, iso[:isoDescriptor+50], make([]byte, 40000)} {
		if got, err := ISOLabel(bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "this is not an ISO") {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

const (
	oldCPU = "processor\t: 0\nflags\t\t: fpu sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm xsave\n"
	newCPU = "flags : fpu pni ssse3 cx16 sse4_1 sse4_2 movbe popcnt xsave avx f16c lahf_lm abm bmi1 avx2 bmi2 fma\n"
)

func TestReadCPU(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text    string
		known   bool
		missing string
	}{
		{newCPU, true, ""},
		{oldCPU, true, "abm avx avx2 bmi1 bmi2 f16c fma movbe"},
		{newCPU + "\n" + strings.Replace(newCPU, " avx2", "", 1), true, "avx2"},
		{strings.Replace(newCPU, " avx ", " avx512f ", 1), true, "avx"},
		{"Features\t: fp asimd evtstrm\n", false, ""},
		{"", false, ""},
		{"flags\n", false, ""},
	} {
		got := ReadCPU(test.text)
		if got.Known != test.known || strings.Join(got.Missing, " ") != test.missing {
			t.Errorf("ReadCPU(%q) = %+v", test.text, got)
		}
	}
}

func TestReadFirmware(t *testing.T) {
	t.Parallel()
	variable := func(data ...byte) fstest.MapFS { return fstest.MapFS{secureBootVariable: {Data: data}} }
	for name, test := range map[string]struct {
		sys  fs.FS
		want Firmware
	}{
		"on":             {variable(6, 0, 0, 0, 1), SecureBootOn},
		"off":            {variable(6, 0, 0, 0, 0), SecureBootOff},
		"another value":  {variable(6, 0, 0, 0, 7), SecureBootUnknown},
		"short":          {variable(6, 0, 0), SecureBootUnknown},
		"long":           {variable(6, 0, 0, 0, 1, 1), SecureBootUnknown},
		"empty":          {variable(), SecureBootUnknown},
		"missing":        {fstest.MapFS{"efi/efivars/x": {}}, SecureBootUnknown},
		"bios":           {fstest.MapFS{"acpi/tables": {}}, BIOS},
		"unreadable":     {unreadable{variable(6, 0, 0, 0, 1)}, SecureBootUnknown},
		"nothing at all": {unreadable{}, SecureBootUnknown},
	} {
		if got := ReadFirmware(test.sys); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// unreadable has folders, but no file can be read; without files, not even those.
type unreadable struct{ files fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if u.files == nil || name == secureBootVariable {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.files.Open(name)
}

// Each row is a release, an image and a machine, and what the check must say:
// the rules that speak, each with its verdict.
func TestCheck(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	known := Machine{Firmware: SecureBootOff, CPU: ReadCPU(newCPU)}
	change := func(f func(m *Machine)) Machine { m := known; f(&m); return m }
	pivot := func(mode string) Machine { return change(func(m *Machine) { m.Pivot = mode }) }
	secure := change(func(m *Machine) { m.Firmware = SecureBootOn })
	slow := change(func(m *Machine) { m.CPU = ReadCPU(oldCPU) })
	arch := func(name string) Machine { return change(func(m *Machine) { m.Architecture = name }) }
	ref := change(func(m *Machine) { m.ComputedRef = true })
	ext4 := change(func(m *Machine) { m.IgnitionExt4 = true })
	for _, test := range []struct {
		release, image string
		machine        Machine
		want           string
	}{
		// What the releases were made with.
		{"4.16", "stable", known, "warning: orphan-file; note: live"},
		{"4.18", "stable", known, "warning: orphan-file; note: live"},
		{"4.19", "9.0.20250411-0", known, "good"},
		{"4.20", "10.0.20250628-0", known, "good"},
		{"4.22", "10.0.20251103-0", known, "good"},
		{"5.0", "c10s", known, "good"},
		{"5.0", "c10s", Machine{}, "note: x86-64-v3, secure-boot"},
		{"4.18", "stable", Machine{}, "warning: orphan-file; note: live, secure-boot"},
		// orphan_file.
		{"4.18", "stable", ext4, "refused: orphan-file; note: live"},
		{"4.18", "39.20231204.3.3", known, "refused: orphan-file; note: live, other-build"},
		{"4.18", "fcos-41", known, "refused: orphan-file; note: live"},
		{"4.18", "fcos-39", known, "warning: orphan-file; note: live"},
		{"4.18", "fcos-38", known, "note: live"},
		{"4.19", "fcos-41", known, "refused: orphan-file; warning: fedora-not-needed"},
		{"4.20", "fcos-41", known, "warning: fedora-not-needed"},
		// The two refs of Fedora 42.
		{"4.19", "fcos-42", known, "refused: docker-ref, orphan-file; warning: semodule, fedora-not-needed"},
		{"4.20", "fcos-42", known, "refused: docker-ref; warning: semodule, fedora-not-needed"},
		{"4.20", "fcos-42", ref, "warning: semodule, fedora-not-needed; note: docker-ref"},
		{"4.18", "fcos-42", known, "refused: orphan-file; warning: semodule; note: live"},
		{"4.20", "fcos-42", pivot(PivotImage), "good"},
		{"4.20", "fcos-42", pivot(PivotOfflineDeploy), "good"},
		// The pivot.
		{"4.18", "stable", pivot(PivotOfflineDeploy), "note: orphan-file"},
		{"4.18", "fcos-41", pivot(PivotOfflineDeploy), "note: orphan-file"},
		{"4.18", "stable", pivot(PivotImage), "refused: no-media"},
		{"4.19", "stable", pivot(PivotImage), "good"},
		{"4.22", "fedora-coreos-41.20250101.3.0-live.s390x.iso", pivot(PivotOfflineDeploy), "refused: offline-deploy; warning: payload"},
		// CentOS Stream CoreOS of the wrong version.
		{"4.18", "c9s", known, "refused: no-media"},
		{"4.18", "c10s", known, "refused: newer-than-release"},
		{"4.19", "c10s", known, "refused: newer-than-release"},
		{"4.20", "c9s", known, "warning: older-than-release"},
		{"4.19", "c9s", known, "note: other-build"},
		{"4.20", "10.0.20251103-0", known, "note: other-build"},
		// CPU and architecture.
		{"4.20", "10.0.20250628-0", slow, "refused: x86-64-v3"},
		{"4.20", "fcos-41", slow, "refused: x86-64-v3; warning: fedora-not-needed"},
		{"4.19", "9.0.20250411-0", slow, "good"},
		{"4.22", "c10s", arch("arm64"), "good"},
		{"4.22", "c10s", arch("s390x"), "warning: payload"},
		{"4.22", "scos-10.0.20251103-0-live-iso.x86_64.iso", arch("aarch64"), "refused: architecture"},
		{"4.22", "scos-10.0.20251103-0-live-iso.x86_64.iso", arch("amd64"), "good"},
		// OpenShift's.
		{"4.22", "rhcos", known, "refused: rhcos"},
		{"4.16", "rhcos-416.94.202406251923-0-live.x86_64.iso", known, "refused: rhcos"},
		// Secure Boot.
		{"4.18", "stable", secure, "refused: secure-boot; warning: orphan-file; note: live"},
		{"4.19", "9.0.20250411-0", secure, "refused: secure-boot"},
		{"4.22", "c10s", secure, "warning: secure-boot"},
		{"4.22", "stable", change(func(m *Machine) { m.Firmware, m.Pivot = SecureBootOn, PivotImage }), "warning: secure-boot"},
		{"4.19", "stable", change(func(m *Machine) { m.Firmware, m.Pivot = SecureBootOn, PivotImage }), "refused: secure-boot"},
		{"4.22", "stable", change(func(m *Machine) { m.Firmware, m.Pivot = SecureBootOn, PivotOfflineDeploy }), "refused: secure-boot"},
		{"4.22", "c10s", change(func(m *Machine) { m.Firmware = BIOS }), "good"},
		{"4.22", "c10s", change(func(m *Machine) { m.Firmware, m.Architecture = SecureBootOn, "ppc64le" }), "warning: payload"},
	} {
		image, err := Identify(c, test.image)
		if err != nil {
			t.Fatal(err)
		}
		report, err := Check(line(t, test.release), image, test.machine)
		if err != nil {
			t.Fatal(err)
		}
		if got := summary(report); got != test.want {
			t.Errorf("%s with %s, %+v:\ngot  %s\nwant %s", test.release, test.image, test.machine, got, test.want)
		}
		for _, f := range report.Findings {
			if f.Reason == "" || strings.ContainsAny(f.Reason+f.Way, "{}") || f.Verdict != Note && f.Way == "" {
				t.Errorf("%s with %s: %+v is not complete", test.release, test.image, f)
			}
		}
		if len(report.Findings) > 0 && report.Verdict != report.Findings[0].Verdict {
			t.Errorf("%s with %s: the verdict is %s, the worst finding %s", test.release, test.image, report.Verdict, report.Findings[0].Verdict)
		}
	}
	if _, err := Check(line(t, "4.22"), BootImage{}, Machine{Pivot: "offline"}); err == nil ||
		!strings.Contains(err.Error(), "the ways are image, offline-deploy") {
		t.Errorf("got %v", err)
	}
}

// summary is the rules of a report by verdict.
func summary(r Report) string {
	if len(r.Findings) == 0 {
		return string(r.Verdict)
	}
	var groups []string
	for _, v := range []Verdict{Refused, Warning, Note} {
		var names []string
		for _, f := range r.Findings {
			if f.Verdict == v {
				names = append(names, f.Rule)
			}
		}
		if names != nil {
			groups = append(groups, string(v)+": "+strings.Join(names, ", "))
		}
	}
	return strings.Join(groups, "; ")
}

// Whatever boot loader meets whatever kernel, the table has an answer, and no
// answer but that for one vendor's own pair is good.
func TestSecureBootTable(t *testing.T) {
	t.Parallel()
	systems := []OS{FCOS, SCOS9, SCOS10, RHCOS}
	for _, loader := range systems {
		for _, kernel := range systems {
			f := SecureBoot(loader, kernel)
			if f.Loader != loader || f.Kernel != kernel || f.Reason == "" || f.Verdict != Good && f.Way == "" {
				t.Errorf("%s, %s: %+v is not complete", loader, kernel, f)
			}
			if loader != kernel && f.Verdict != Refused {
				t.Errorf("%s starts %s: %s", loader, kernel, f.Verdict)
			}
		}
	}
	names := map[string]bool{}
	for _, r := range rules {
		if names[r.Name] || r.When == "" || r.Reason == "" {
			t.Errorf("the rule %s is there twice, or not complete", r.Name)
		}
		names[r.Name] = true
	}
	for _, v := range []Verdict{Good, Note, Warning, Refused} {
		if worse(Good, v) != v || worse(Refused, v) != Refused {
			t.Errorf("%s is not between good and refused", v)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	c := shipped(f)
	for _, name := range []string{
		"fcos-42", "scos-10.0.20251103-0-live-iso.x86_64.iso", "rhcos-9.6.20250523-0", "10.0.20251103-0",
		"417.9.202412022032-0", "stable",
	} {
		f.Add(name)
	}
	systems := []OS{FCOS, SCOS9, SCOS10, RHCOS}
	r := line(f, "4.22")
	f.Fuzz(func(t *testing.T, name string) {
		image, err := Identify(c, name)
		if err != nil {
			return
		}
		if !slices.Contains(systems, image.OS) {
			t.Errorf("Identify(%q) = %+v", name, image)
		}
		if image.Build != "" {
			again, err := Identify(c, image.Build)
			if errors.Is(err, nil) && again.OS != image.OS && image.OS != RHCOS {
				t.Errorf("%q is %+v, its build %+v", name, image, again)
			}
		}
		if _, err := Check(r, image, Machine{}); err != nil {
			t.Error(err)
		}
	})
}
