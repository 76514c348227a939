package rhcos

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coreos/stream-metadata-go/stream"
	streamrhcos "github.com/coreos/stream-metadata-go/stream/rhcos"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// Build is one build of a stream, with everything that was published about it.
// Make one with ParseBuild or Import.
type Build struct {
	// ID is the build's name, such as 10.0.20251103-0.
	ID string
	// Stream is what was published, in the form of the published JSON.
	Stream stream.Stream
}

// name is the stream and the build as people say it: c10s 10.0.20251103-0.
func (b Build) name() string { return b.Stream.Stream + " " + b.ID }

// maxBuild is far above any file there will be.
const maxBuild = 1 << 20

// A build as it is written in data/coreos. What follows from the rest is left
// out: URLs from the base and the names, the build wherever it is repeated. In
// every text {build} and {arch} stand for these, {build-} and {arch-} for the
// same with dashes instead of dots and underscores.
type (
	buildYAML struct {
		Stream    string `yaml:"stream"`
		Build     string `yaml:"build"`
		Modified  string `yaml:"modified"`
		Generator string `yaml:"generator,omitempty"`
		// Base and the name of a file make its URL.
		Base string `yaml:"base"`
		// Prefix begins the names, and Signature is what a signature's has more.
		Prefix    string `yaml:"prefix"`
		Signature string `yaml:"signature,omitempty"`
		// Names are the rest of a name by its key, where it is not
		// {platform}.{arch}.{format}. A key is platform, format and part.
		Names         map[string]string   `yaml:"names,omitempty"`
		Architectures map[string]archYAML `yaml:"architectures"`
	}
	archYAML struct {
		// Artifacts are SHA-256 sums by key: of the file, and of what is
		// compressed in it.
		Artifacts map[string]string `yaml:"artifacts"`
		Images    imagesYAML        `yaml:"images,omitempty"`
	}
	imagesYAML struct {
		Aliyun    map[string]string     `yaml:"aliyun,omitempty"` // image by region
		Aws       map[string]string     `yaml:"aws,omitempty"`
		AwsWinLi  map[string]string     `yaml:"awsWinLi,omitempty"`
		AzureDisk string                `yaml:"azureDisk,omitempty"` // URL
		Gcp       *gcpYAML              `yaml:"gcp,omitempty"`
		Ibmcloud  map[string]objectYAML `yaml:"ibmcloud,omitempty"`
		KubeVirt  *containerYAML        `yaml:"kubevirt,omitempty"`
		PowerVS   map[string]objectYAML `yaml:"powervs,omitempty"`
	}
	gcpYAML struct {
		Project string `yaml:"project"`
		Family  string `yaml:"family,omitempty"`
		Name    string `yaml:"name"`
	}
	containerYAML struct {
		Image  string `yaml:"image"`
		Digest string `yaml:"digest"`
	}
	objectYAML struct {
		Object string `yaml:"object"`
		Bucket string `yaml:"bucket"`
		URL    string `yaml:"url"`
	}
)

// ParseBuild reads a file of data/coreos. The error holds every problem with the
// content, as diag.Problems.
func ParseBuild(data []byte) (Build, error) {
	if len(data) > maxBuild {
		return Build{}, diag.Problem{Detail: fmt.Sprintf("the build has %d bytes, more than the limit of %d", len(data), maxBuild)}
	}
	var file buildYAML
	if err := yamlfile.Decode(data, &file); err != nil {
		return Build{}, diag.Problem{Detail: "the build cannot be read: " + err.Error()}
	}
	return file.build()
}

// build checks the file and writes out what it leaves out.
func (f buildYAML) build() (Build, error) {
	var problems diag.Problems
	report := func(path, format string, args ...any) {
		problems = append(problems, diag.Problem{Path: path, Detail: fmt.Sprintf(format, args...)})
	}
	for name, value := range map[string]string{"stream": f.Stream, "build": f.Build, "base": f.Base, "prefix": f.Prefix} {
		if value == "" {
			report(name, "it is missing")
		}
	}
	if f.Base != "" && !strings.HasPrefix(f.Base, "https://") {
		report("base", "%q is not an https URL", f.Base)
	}
	if len(f.Architectures) == 0 {
		report("architectures", "there is none")
	}
	b := Build{ID: f.Build, Stream: stream.Stream{
		Stream: f.Stream, Metadata: stream.Metadata{LastModified: f.Modified, Generator: f.Generator}, Architectures: map[string]stream.Arch{},
	}}
	for arch, a := range f.Architectures {
		out := stream.Arch{Artifacts: map[string]stream.PlatformArtifacts{}}
		for key, sums := range a.Artifacts {
			path := "architectures." + arch + ".artifacts." + key
			artifact, err := f.artifact(arch, key, sums)
			if err == nil {
				err = put(out.Artifacts, f.Build, key, artifact)
			}
			if err != nil {
				report(path, "%v", err)
			}
		}
		a.Images.add(&out, f.Build, filler(f.Build, arch))
		b.Stream.Architectures[arch] = out
	}
	if err := problems.Err(); err != nil {
		return Build{}, err
	}
	return b, nil
}

// artifact writes out one file of an architecture.
func (f buildYAML) artifact(arch, key, text string) (*stream.Artifact, error) {
	sums := strings.Fields(text)
	if len(sums) == 0 || len(sums) > 2 || slices.ContainsFunc(sums, func(s string) bool { return !isSum(s) }) {
		return nil, fmt.Errorf("%q is not one or two SHA-256 sums of 64 hexadecimal digits", text)
	}
	fill := filler(f.Build, arch)
	a := &stream.Artifact{Location: fill(f.Base) + fill(f.Prefix) + fill(f.nameOf(key)), Sha256: sums[0]}
	if f.Signature != "" {
		a.Signature = a.Location + f.Signature
	}
	if len(sums) == 2 {
		a.UncompressedSha256 = sums[1]
	}
	return a, nil
}

// nameOf is the end of the name that a file has.
func (f buildYAML) nameOf(key string) string {
	if name, ok := f.Names[key]; ok {
		return name
	}
	return usualName(key)
}

func usualName(key string) string {
	words := strings.Fields(key)
	if len(words) != 3 {
		return key
	}
	return words[0] + ".{arch}." + words[1]
}

// put files an artifact under the key's platform, format and part.
func put(artifacts map[string]stream.PlatformArtifacts, build, key string, a *stream.Artifact) error {
	words := strings.Fields(key)
	if len(words) != 3 || strings.Join(words, " ") != key {
		return fmt.Errorf("the key %q is not a platform, a format and a part", key)
	}
	p, ok := artifacts[words[0]]
	if !ok {
		p = stream.PlatformArtifacts{Release: build, Formats: map[string]stream.ImageFormat{}}
		artifacts[words[0]] = p
	}
	format := p.Formats[words[1]]
	place := partOf(&format, words[2])
	if place == nil {
		return fmt.Errorf("%q is not a part: use one of %s", words[2], strings.Join(parts, ", "))
	}
	*place = a
	p.Formats[words[1]] = format
	return nil
}

// parts are the parts of a format in the order in which a machine loads them.
var parts = []string{"disk", "kernel", "initramfs", "rootfs"}

func partOf(f *stream.ImageFormat, part string) **stream.Artifact {
	switch part {
	case "disk":
		return &f.Disk
	case "kernel":
		return &f.Kernel
	case "initramfs":
		return &f.Initramfs
	case "rootfs":
		return &f.Rootfs
	default:
		return nil
	}
}

// add writes out the images that clouds have.
func (y imagesYAML) add(out *stream.Arch, build string, fill func(string) string) {
	out.Images.Aliyun = regionsOf(y.Aliyun, build)
	out.Images.Aws = regionsOf(y.Aws, build)
	out.Images.Ibmcloud = objectsOf(y.Ibmcloud, build, fill)
	out.Images.PowerVS = objectsOf(y.PowerVS, build, fill)
	if g := y.Gcp; g != nil {
		out.Images.Gcp = &stream.GcpImage{Release: build, Project: g.Project, Family: g.Family, Name: fill(g.Name)}
	}
	if k := y.KubeVirt; k != nil {
		out.Images.KubeVirt = &stream.ContainerImage{Release: build, Image: fill(k.Image), DigestRef: k.Digest}
	}
	if y.AzureDisk == "" && y.AwsWinLi == nil {
		return
	}
	out.RHELCoreOSExtensions = &streamrhcos.Extensions{}
	if y.AzureDisk != "" {
		out.RHELCoreOSExtensions.AzureDisk = &streamrhcos.AzureDisk{Release: build, URL: fill(y.AzureDisk)}
	}
	if y.AwsWinLi != nil {
		regions := map[string]streamrhcos.SingleImage{}
		for region, image := range y.AwsWinLi {
			regions[region] = streamrhcos.SingleImage{Release: build, Image: image}
		}
		out.RHELCoreOSExtensions.AwsWinLi = &streamrhcos.AwsWinLi{Regions: regions}
	}
}

func regionsOf(images map[string]string, build string) *stream.ReplicatedImage {
	if images == nil {
		return nil
	}
	regions := map[string]stream.SingleImage{}
	for region, image := range images {
		regions[region] = stream.SingleImage{Release: build, Image: image}
	}
	return &stream.ReplicatedImage{Regions: regions}
}

func objectsOf(objects map[string]objectYAML, build string, fill func(string) string) *stream.ReplicatedObject {
	if objects == nil {
		return nil
	}
	regions := map[string]stream.SingleObject{}
	for region, o := range objects {
		regions[region] = stream.SingleObject{Release: build, Object: fill(o.Object), Bucket: o.Bucket, Url: fill(o.URL)}
	}
	return &stream.ReplicatedObject{Regions: regions}
}

// filler returns a function that puts build and architecture into a text.
func filler(build, arch string) func(string) string {
	r := strings.NewReplacer("{build}", build, "{build-}", dashed(build), "{arch}", arch, "{arch-}", dashed(arch))
	return r.Replace
}

// blanker returns the reverse of filler.
func blanker(build, arch string) func(string) string {
	r := strings.NewReplacer(build, "{build}", dashed(build), "{build-}", arch, "{arch}", dashed(arch), "{arch-}")
	return r.Replace
}

func dashed(s string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(s) }

func isSum(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
