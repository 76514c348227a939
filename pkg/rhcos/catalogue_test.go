package rhcos

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coreos/stream-metadata-go/stream"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

func releases(t testing.TB) release.Catalogue {
	t.Helper()
	data, err := os.ReadFile("../../data/releases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := release.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func line(t testing.TB, name string) release.Release {
	t.Helper()
	r, err := releases(t).Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every release of the other catalogue has its boot image in this one.
func TestEveryReleaseHasItsBuild(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for _, e := range releases(t).All() {
		b, err := c.Choose("", &e.Release, release.Release{})
		if err != nil || b.ID != e.BootImage.Build || b.Stream.Stream != e.BootImage.Stream {
			t.Errorf("%s: %s, %v", e.Version, b.name(), err)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for _, test := range []struct{ stream, release, want string }{
		{"", "", "c10s 10.0.20251103-0"},
		{"", "4.18", "stable 39.20231101.3.0"},
		{"", "4.19", "c9s 9.0.20250411-0"},
		{"", "4.20", "c10s 10.0.20250628-0"},
		{"c9s", "", "c9s 9.0.20250510-0"},
		{"centos-9", "", "c9s 9.0.20250510-0"},
		{"centos-10", "", "c10s 10.0.20251103-0"},
		{"fcos", "", "stable 39.20231101.3.0"},
		{"10.0.20250628-0", "", "c10s 10.0.20250628-0"},
		{"c9s", "4.19", "c9s 9.0.20250411-0"},
		{"c10s", "4.20", "c10s 10.0.20250628-0"},
		{"10.0.20251103-0", "5.0", "c10s 10.0.20251103-0"},
		{"c9s", "4.22", "OKD 4.22 boots c10s 10.0.20251103-0, but c9s 9.0.20250510-0 was asked for as well"},
		{"10.0.20250628-0", "4.22", "OKD 4.22 boots c10s 10.0.20251103-0, but c10s 10.0.20250628-0"},
		{"c11s", "", "did you mean c10s? the streams and builds are 10.0.20250628-0, 10.0.20251103-0, 39.20231101.3.0, 9.0.20250411-0, 9.0.20250510-0, c10s, c9s, centos-10,"},
		{"10.0.20251104-0", "", "did you mean 10.0.20251103-0? "},
	} {
		var asked *release.Release
		if test.release != "" {
			r := line(t, test.release)
			asked = &r
		}
		b, err := c.Choose(test.stream, asked, releases(t).Default())
		got := b.name()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("Choose(%q, %q): got %s\nwant %s", test.stream, test.release, got, test.want)
		}
	}
}

func TestFindMisses(t *testing.T) {
	t.Parallel()
	b, err := shipped(t).Choose("10.0.20251103-0", nil, release.Release{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		q                Query
		where, hint, got string
	}{
		{Query{Architecture: "arm64", Platform: "metal", Format: "iso"}, "", "", "live-iso.aarch64.iso"},
		{Query{Architecture: "amd64", Platform: "metal", Format: "raw"}, "", "", "metal.x86_64.raw.gz"},
		{Query{Architecture: "amd64", Platform: "metal", Format: "4k.raw"}, "", "", "metal4k.x86_64.raw.gz"},
		{Query{Architecture: "x86", Platform: "metal"}, `no architecture "x86" in c10s 10.0.20251103-0`, "the architectures are aarch64, ppc64le, s390x, x86_64; amd64", ""},
		{Query{Architecture: "s390x", Platform: "vmware"}, `no platform "vmware" in c10s 10.0.20251103-0, s390x`, "the platforms are ibmcloud, kubevirt, metal, openstack, qemu, qemu-secex", ""},
		{Query{Architecture: "x86_64", Platform: "metal", Format: "is"}, `no format "is"`, "did you mean iso? the formats are 4k.raw.gz, iso, pxe, raw.gz", ""},
		{Query{Architecture: "x86_64", Platform: "metal", Format: "pxe", Part: "initrd"}, `no part "initrd"`, "the parts are initramfs, kernel, rootfs", ""},
		{Query{Architecture: "x86_64", Platform: "vmware", Format: "raw"}, `no format "raw"`, "there is only ova", ""},
		{Query{Architecture: "x86_64", Platform: "aws", Format: "cloud", Region: "eu-west-1"}, `no region "eu-west-1"`, "the regions are us-east-1, us-gov-west-1", ""},
	} {
		images, err := b.Find(test.q)
		if test.got != "" {
			if err != nil || len(images) != 1 || !strings.HasSuffix(images[0].Location, test.got) {
				t.Errorf("%+v: got %v, %v", test.q, images, err)
			}
			continue
		}
		var p diag.Problem
		if !errors.As(err, &p) || !strings.Contains(p.Detail, test.where) || !strings.HasPrefix(p.Hint, test.hint) {
			t.Errorf("%+v: got %v\nwant %s\n%s", test.q, err, test.where, test.hint)
		}
	}
}

func TestByFile(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	const name = "scos-10.0.20251103-0-live-iso.x86_64.iso"
	for _, word := range []string{name, "https://mirror.example.com/okd/" + name} {
		if i, ok := c.ByFile(word); !ok || i.SHA256 != "aff9c4a263d51356584d8334a20f13e24d04803e4eb9b49c2b499e0ad908e94a" {
			t.Errorf("ByFile(%s) = %+v, %v", word, i, ok)
		}
	}
	if i, ok := c.ByFile("scos.iso"); ok {
		t.Errorf("ByFile(scos.iso) = %+v", i)
	}
}

const small = `stream: s
build: "1.2"
modified: ""
base: https://example.com/{build}/{arch}/
prefix: os-{build}-
architectures:
  x86_64:
    artifacts:
      metal iso disk: 0000000000000000000000000000000000000000000000000000000000000000
`

func TestParseBuildRefuses(t *testing.T) {
	t.Parallel()
	if _, err := ParseBuild([]byte(small)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, want string }{
		{small, "", "it is empty"},
		{small, "[]", "cannot unmarshal"},
		{small, small + strings.Repeat(" ", maxBuild), "more than the limit of 1048576"},
		{"modified", "changed", "field changed not found"},
		{"stream: s", "stream:", "stream: it is missing"},
		{"https:", "http:", "is not an https URL"},
		{"metal iso disk", "metal iso", "is not a platform, a format and a part"},
		{"metal iso disk", "metal iso disc", `"disc" is not a part: use one of disk, kernel, initramfs, rootfs`},
		{": 00000", ": 0000", "is not one or two SHA-256 sums"},
		{": 00000", ": x0000", "is not one or two SHA-256 sums"},
		{small[strings.Index(small, "architectures:"):], "", "architectures: there is none"},
	} {
		if _, err := ParseBuild([]byte(strings.Replace(small, test.from, test.to, 1))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q for %q: got %v, want %s", test.to, test.from, err, test.want)
		}
	}
	for name, want := range map[string]string{"s-1.2.yaml": "", "other.yaml": "its name must be s-1.2.yaml"} {
		_, err := Load(fstest.MapFS{name: {Data: []byte(small)}})
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	b, err := ParseBuild([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	text := string(marshal(t, b.Stream))
	if _, _, err := Import([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, want string }{
		{text, "", "this is not stream metadata"},
		{text, "{}", "it has no stream or no architectures"},
		{text, text + "{}", "something follows"},
		{`"stream":"s"`, `"stream":"s","more":1`, `unknown field "more"`},
		{`"stream":"s"`, `"stream":"../s"`, `the stream "../s"`},
		{`"release":"1.2"`, `"release":""`, "files of 1 builds: "},
		{"os-1.2-", "os-", `does not contain the build 1.2`},
		{`"images":{}`, `"images":{"gcp":{"release":"9","project":"p","name":"n"}}`, "architectures.x86_64.images.gcp.release: this cannot be imported without loss"},
		{`"metal":`, `"a b":`, "stream metadata of this kind cannot be imported"},
		{`"sha256":"0000`, `"sha256":"000`, "stream metadata of this kind cannot be imported"},
	} {
		if !strings.Contains(text, test.from) {
			t.Fatalf("%s is not in %s", test.from, text)
		}
		if _, _, err := Import([]byte(strings.Replace(text, test.from, test.to, 1))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.to, err, test.want)
		}
	}
}

// full is a build with something in every place.
const full = small + `      qemu qcow2.gz disk: 1111111111111111111111111111111111111111111111111111111111111111 2222222222222222222222222222222222222222222222222222222222222222
      metal pxe kernel: 3333333333333333333333333333333333333333333333333333333333333333
    images:
      aliyun: {r: m-1}
      aws: {us-east-1: ami-1, us-west-1: ami-2}
      awsWinLi: {us-east-1: ami-3}
      azureDisk: https://example.com/os-{build}.{arch}.vhd
      gcp: {project: p, family: f, name: "os-{build-}-gcp-{arch-}"}
      ibmcloud: {eu: {object: o, bucket: b, url: u}}
      kubevirt: {image: "q/i:t", digest: "q/i@sha256:1"}
      powervs: {us: {object: "o-{build-}", bucket: b, url: "u/{build}"}}
`

func TestCloudImages(t *testing.T) {
	t.Parallel()
	b, err := ParseBuild([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range b.Images() {
		if i.Format == CloudFormat {
			got = append(got, strings.TrimSpace(i.Platform+" "+i.Region)+" "+i.Location)
		}
	}
	want := []string{
		"aliyun r m-1", "aws us-east-1 ami-1", "aws us-west-1 ami-2", "aws-winli us-east-1 ami-3", "azure https://example.com/os-1.2.x86_64.vhd",
		"gcp projects/p/global/images/os-1-2-gcp-x86-64", "ibmcloud eu u", "kubevirt q/i@sha256:1", "powervs us u/1.2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What can be imported comes back as it was, and the same way each time.
func FuzzImport(f *testing.F) {
	for _, text := range []string{small, full} {
		b, err := ParseBuild([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(marshal(f, b.Stream))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, short, err := Import(data)
		if err != nil {
			return
		}
		b, err := ParseBuild(short)
		if err != nil {
			t.Fatal(err)
		}
		var want stream.Stream
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if where, same := sameData(want, b.Stream); !same {
			t.Errorf("%s is not what it was", where)
		}
		if _, again, err := Import(marshal(t, b.Stream)); err != nil || string(again) != string(short) {
			t.Errorf("imported again: %v\n%s\n%s", err, short, again)
		}
	})
}

func FuzzParseBuild(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(full))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBuild(data)
		if err != nil {
			return
		}
		for _, i := range b.Images() {
			if i.Format != CloudFormat && (i.Location == "" || len(i.SHA256) != 64) {
				t.Errorf("%+v is not complete", i)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(os.DirFS("../../data/coreos")); err != nil {
			b.Fatal(err)
		}
	}
}
