package rhcos

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/coreos/stream-metadata-go/stream"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Image is one thing that a machine can boot from: a file to download, or an
// image that a cloud has already.
type Image struct {
	Stream       string `json:"stream"`
	Build        string `json:"build"`
	Architecture string `json:"architecture"`
	Platform     string `json:"platform"`
	// Format is what the published metadata calls it, such as iso or raw.gz, or
	// CloudFormat.
	Format string `json:"format"`
	// Part is disk, or one of kernel, initramfs and rootfs; empty in a cloud.
	Part string `json:"part,omitempty"`
	// Region is where a cloud has the image, where its images differ by region.
	Region string `json:"region,omitempty"`
	// Location is the URL of a file; in a cloud what its tools take, such as an AMI.
	Location  string `json:"location"`
	Signature string `json:"signature,omitempty"`
	// SHA256 is of the file as it is downloaded, UncompressedSHA256 of what is in it.
	SHA256             string `json:"sha256,omitempty"`
	UncompressedSHA256 string `json:"uncompressedSha256,omitempty"`
}

// CloudFormat is the format of images that a cloud has already.
const CloudFormat = "cloud"

// File is the name of the file that Location leads to, or empty for a cloud's.
func (i Image) File() string {
	if i.Format == CloudFormat {
		return ""
	}
	return path.Base(i.Location)
}

// Query says which images of a build are wanted. An empty field wants all.
type Query struct {
	Architecture, Platform, Format, Part, Region string
}

// architectures maps the names that Go and Kubernetes use to those of the streams.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// Architecture is the name that the streams have for an architecture: amd64 is
// x86_64 there, and arm64 aarch64.
func Architecture(name string) string { return cmp.Or(architectures[name], name) }

// platforms maps the names that people have for what machines run on to those of the
// streams, and formats does so for kinds of images.
var (
	platforms = map[string]string{
		"vsphere": "vmware", "esxi": "vmware", "libvirt": "qemu", "kvm": "qemu", "proxmox": "qemu",
		"baremetal": "metal", "bare-metal": "metal",
	}
	formats = map[string]string{"qcow": "qcow2", "img": "raw", "vmdk": "ova"}
)

// platform is the name that the streams have for a platform: vsphere is vmware there, and
// libvirt and proxmox are qemu.
func platform(name string) string { return cmp.Or(platforms[strings.ToLower(name)], name) }

// Images lists everything of a build, sorted; the parts of a format stand in the
// order in which a machine loads them.
func (b Build) Images() []Image {
	var all []Image
	for arch, a := range b.Stream.Architectures {
		base := Image{Stream: b.Stream.Stream, Build: b.ID, Architecture: arch}
		for key, f := range artifactsOf(a) {
			words, i := strings.Fields(key), base
			i.Platform, i.Format, i.Part = words[0], words[1], words[2]
			i.Location, i.Signature, i.SHA256, i.UncompressedSHA256 = f.Location, f.Signature, f.Sha256, f.UncompressedSha256
			all = append(all, i)
		}
		all = append(all, cloudImages(a, base)...)
	}
	slices.SortFunc(all, func(x, y Image) int {
		return cmp.Or(
			strings.Compare(x.Architecture, y.Architecture), strings.Compare(x.Platform, y.Platform),
			strings.Compare(x.Format, y.Format), slices.Index(parts, x.Part)-slices.Index(parts, y.Part),
			strings.Compare(x.Region, y.Region), strings.Compare(x.Location, y.Location))
	})
	return all
}

// cloudImages lists what the clouds have of an architecture.
func cloudImages(a stream.Arch, base Image) []Image {
	var all []Image
	base.Format = CloudFormat
	add := func(platform, region, location string) {
		i := base
		i.Platform, i.Region, i.Location = platform, region, location
		all = append(all, i)
	}
	for platform, r := range map[string]*stream.ReplicatedImage{"aliyun": a.Images.Aliyun, "aws": a.Images.Aws} {
		if r != nil {
			for region, image := range r.Regions {
				add(platform, region, image.Image)
			}
		}
	}
	for platform, r := range map[string]*stream.ReplicatedObject{"ibmcloud": a.Images.Ibmcloud, "powervs": a.Images.PowerVS} {
		if r != nil {
			for region, object := range r.Regions {
				add(platform, region, object.Url)
			}
		}
	}
	if g := a.Images.Gcp; g != nil {
		add("gcp", "", "projects/"+g.Project+"/global/images/"+g.Name)
	}
	if k := a.Images.KubeVirt; k != nil {
		add("kubevirt", "", cmp.Or(k.DigestRef, k.Image))
	}
	if e := a.RHELCoreOSExtensions; e != nil {
		if e.AzureDisk != nil {
			add("azure", "", e.AzureDisk.URL)
		}
		if e.AwsWinLi != nil {
			for region, image := range e.AwsWinLi.Regions {
				add("aws-winli", region, image.Image)
			}
		}
	}
	return all
}

// Find returns the images of a build that a query wants. Where there is none it
// says at which word the search ended and what there is in its place, as a
// diag.Problem. A format may leave out its compression: raw finds raw.gz.
func (b Build) Find(q Query) ([]Image, error) {
	found := b.Images()
	q.Architecture, q.Platform = Architecture(q.Architecture), b.known(q.Platform, platform, func(i Image) string { return i.Platform })
	q.Format = b.known(q.Format, func(name string) string { return cmp.Or(formats[name], name) }, func(i Image) string { return i.Format })
	if q.Format != "" && q.Format != CloudFormat {
		q.Format = b.format(q)
	}
	in := b.name()
	for _, step := range []struct {
		what, plural, want string
		of                 func(Image) string
	}{
		{"architecture", "architectures", q.Architecture, func(i Image) string { return i.Architecture }},
		{"platform", "platforms", q.Platform, func(i Image) string { return i.Platform }},
		{"format", "formats", q.Format, func(i Image) string { return i.Format }},
		{"part", "parts", q.Part, func(i Image) string { return i.Part }},
		{"region", "regions", q.Region, func(i Image) string { return i.Region }},
	} {
		if step.want == "" {
			continue
		}
		there := map[string]bool{}
		var next []Image
		for _, i := range found {
			if name := step.of(i); name == step.want {
				next = append(next, i)
			} else if name != "" {
				there[name] = true
			}
		}
		if len(next) == 0 {
			names := slices.Collect(maps.Keys(there))
			hint := among(step.want, step.plural, names)
			if step.what == "architecture" {
				hint += "; amd64 and arm64 are accepted as well"
			}
			return nil, diag.Problem{Detail: fmt.Sprintf("there is no %s %q in %s", step.what, step.want, in), Hint: hint}
		}
		found = next
		in += ", " + step.want
	}
	return found, nil
}

// known is a name as the build has it: itself if there is an image of that name, and else
// what people mean by it.
func (b Build) known(name string, meant func(string) string, of func(Image) string) string {
	if slices.ContainsFunc(b.Images(), func(i Image) bool { return of(i) == name || strings.HasPrefix(of(i), name+".") }) {
		return name
	}
	return meant(name)
}

// format completes a format by its compression.
func (b Build) format(q Query) string {
	longer := map[string]bool{}
	for _, i := range b.Images() {
		switch {
		case q.Architecture != "" && i.Architecture != q.Architecture || q.Platform != "" && i.Platform != q.Platform:
		case i.Format == q.Format:
			return q.Format
		case strings.HasPrefix(i.Format, q.Format+".") && strings.Count(i.Format, ".") == strings.Count(q.Format, ".")+1:
			longer[i.Format] = true
		}
	}
	if len(longer) == 1 {
		for format := range longer {
			return format
		}
	}
	return q.Format
}

// ByFile finds a file by its URL or its name in all builds.
func (c Catalogue) ByFile(name string) (Image, bool) {
	for _, b := range c.builds {
		for _, i := range b.Images() {
			if i.Format != CloudFormat && (i.Location == name || i.File() == path.Base(name)) {
				return i, true
			}
		}
	}
	return Image{}, false
}
