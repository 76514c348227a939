package payload

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// Query is what to find, and what the registries want.
type Query struct {
	// Release is the pull spec of the release image, with a tag or a digest.
	Release string
	// Component is a name of the list, such as stream-coreos.
	Component string
	// Architecture has the name that Linux uses, such as x86_64.
	Architecture string
	// PullSecret is the JSON of a pull secret, or empty.
	PullSecret string
	// TrustBundle holds authorities as PEM, or nothing.
	TrustBundle string
	Mirrors     []ignition.Mirror
}

// Image is a component of a release.
type Image struct {
	// Image is the pull spec by digest, as the release names it: not a mirror's.
	Image string
	// Version is that of the release, such as 4.18.0-okd-scos.10.
	Version string
	// Release is the digest of the release image that was read, sha256:….
	Release string
	// Source is the pull spec that it was read from, which may be a mirror's.
	Source string
}

// Client asks registries. Its zero value works with the defaults.
type Client struct {
	// Transport sends the requests; it is to know the trust bundle already. The
	// default takes its proxies from the environment.
	Transport http.RoundTripper
	// Pause is the first wait before a failed request is repeated; 1 second if it is zero.
	Pause time.Duration
	// Window is the time in which a registry must send 64 KiB of what it has begun; 1
	// minute if it is zero. Half of it may pass without a byte.
	Window time.Duration
	// UserAgent is what registries are told.
	UserAgent string
}

// Find looks a component up. The error is a diag.Problem that names every registry
// that was asked, and what it answered.
func (c Client) Find(ctx context.Context, q Query) (Image, error) {
	return c.ask(ctx, q, lookup{
		read: func(reference string, secret pullSecret) ([]byte, string, error) {
			return c.read(ctx, reference, q.Architecture, secret)
		},
		fails: fmt.Sprintf("the image %s of %s cannot be determined", q.Component, q.Release),
		otherwise: fmt.Sprintf("look it up on a machine that can reach the registry, and give it with --os-image: oc adm release "+
			"info --image-for=%s %s",
			q.Component, q.Release),
	})
}

// lookup is what differs between the questions to registries.
type lookup struct {
	// tags says that mirrors are asked for tags too.
	tags bool
	// read gets the list of images of a release, and the digest of the release image.
	read func(reference string, secret pullSecret) (list []byte, digest string, err error)
	// fails says that no registry has an answer, and otherwise what to do then.
	fails, otherwise string
}

// ask takes the component from the first registry that can be read.
func (c *Client) ask(ctx context.Context, q Query, l lookup) (Image, error) {
	references, err := candidates(q.Release, q.Mirrors, l.tags)
	if err != nil {
		return Image{}, err
	}
	secret, err := c.prepare(q)
	if err != nil {
		return Image{}, err
	}
	var refused refusals
	for _, reference := range references {
		list, digest, err := l.read(reference, secret)
		if ctx.Err() != nil {
			return Image{}, ctx.Err()
		}
		if err != nil {
			refused.add(reference, err)
			continue
		}
		i, err := find(list, q)
		i.Release, i.Source = digest, reference
		return i, err
	}
	return Image{}, refused.problem(l.fails, l.otherwise)
}

// prepare sets the transport up, and reads the pull secret.
func (c *Client) prepare(q Query) (pullSecret, error) {
	if c.Transport == nil {
		transport, err := newTransport(q.TrustBundle)
		if err != nil {
			return nil, err
		}
		c.Transport = transport
	}
	c.Transport = bounded{onlyTLS{c.Transport}, c.Window}
	return parseSecret(q.PullSecret)
}

// imageReferences is the list: an ImageStream of OpenShift, as far as it is read.
type imageReferences struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Tags []struct {
			Name string `json:"name"`
			From struct {
				Kind string `json:"kind"`
				Name string `json:"name"`
			} `json:"from"`
		} `json:"tags"`
	} `json:"spec"`
}

// find takes a component from the list of a release.
func find(list []byte, q Query) (Image, error) {
	refuse := func(detail, hint string) (Image, error) {
		return Image{}, diag.Problem{Detail: "the release image " + q.Release + " " + detail, Hint: hint}
	}
	const another = "check that it is the release that you mean; --release and --release-image select another one"
	var r imageReferences
	if err := json.Unmarshal(list, &r); err != nil || r.Kind != "ImageStream" {
		return refuse("has a list of images that cannot be read", another)
	}
	there := map[string]bool{}
	for _, tag := range r.Spec.Tags {
		there[tag.Name] = true
		if tag.Name != q.Component {
			continue
		}
		if tag.From.Kind != "DockerImage" || !isPinned(tag.From.Name) {
			return refuse(fmt.Sprintf("does not list %s by digest, but as %.200q", q.Component, tag.From.Name), another)
		}
		return Image{Image: tag.From.Name, Version: r.Metadata.Name}, nil
	}
	detail := fmt.Sprintf("is of %.100q and lists %d images, but no %s", r.Metadata.Name, len(r.Spec.Tags), q.Component)
	switch {
	case there["rhel-coreos"]:
		return refuse(detail+": it is of OpenShift, whose nodes run Red Hat's system", "give a release image of OKD with --release-image")
	case there["fedora-coreos"] || there["machine-os-content"]:
		return refuse(detail+": its nodes run Fedora CoreOS",
			"give a release image of OKD on CentOS Stream CoreOS (okd-scos) with --release-image")
	}
	return refuse(detail, another)
}

// isPinned reports whether a pull spec is host/repository@sha256:….
func isPinned(image string) bool {
	return regexp.MustCompile(`^[a-zA-Z0-9.:\[\]-]+/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$`).MatchString(image)
}

// candidates are the pull specs to ask, in this order: those of the mirrors, and that
// of the source unless it must not be asked. Nodes ask mirrors for digests only;
// byTag asks them for tags as well, to find out a digest that they serve.
func candidates(image string, mirrors []ignition.Mirror, byTag bool) ([]string, error) {
	name, digest, pinned := strings.Cut(image, "@")
	plain, suffix := name, "@"+digest
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		plain = name[:i]
		if !pinned {
			suffix = name[i:]
		}
	}
	pinned = pinned || byTag && suffix != "@"
	longest := ""
	for _, m := range mirrors {
		if within(plain, m.Source) && len(m.Source) > len(longest) {
			longest = m.Source
		}
	}
	var out []string
	blocked := false
	for _, m := range mirrors {
		if m.Source != longest {
			continue
		}
		blocked = blocked || m.Policy == "NeverContactSource"
		for _, mirror := range m.Mirrors {
			if pinned {
				out = append(out, mirror+strings.TrimPrefix(plain, m.Source)+suffix)
			}
		}
	}
	if !blocked {
		out = append(out, image)
	}
	if len(out) == 0 {
		return nil, diag.Problem{
			Detail: "the release image " + image + " cannot be read: its source must not be contacted (sourcePolicy " +
				"NeverContactSource), and mirrors serve images by digest only",
			Hint: "give the release image by digest with --release-image",
		}
	}
	return out, nil
}

// within reports whether a repository is the source or below it.
func within(repository, source string) bool {
	return source != "" && (repository == source || strings.HasPrefix(repository, source+"/"))
}
