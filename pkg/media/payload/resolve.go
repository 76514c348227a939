package payload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/okd-project/okd-install/pkg/diag"
)

// What is read at most of the list of a repository, which a registry may send without
// an end: tags, pages of them, and the bytes of a page.
const (
	maxTags  = 20000
	maxPages = 1000
	maxPage  = 4 << 20
)

// Resolve finds the digest of a release image, which need not be named by digest. Unlike
// nodes it asks the mirrors for tags too: the digest that a mirror has is the one that
// it serves. The image must be for each of the architectures, of OKD, and name
// q.Component. The error is a diag.Problem that names every registry that was asked.
func (c Client) Resolve(ctx context.Context, q Query, architectures []string) (Image, error) {
	if len(architectures) == 0 {
		architectures = []string{""}
	}
	return c.ask(ctx, q, lookup{
		tags: true,
		read: func(reference string, secret pullSecret) ([]byte, string, error) {
			list, digest, err := c.read(ctx, reference, architectures[0], secret)
			for _, further := range architectures[1:] {
				if err == nil {
					err = c.checkFurther(ctx, reference, digest, further, secret)
				}
			}
			return list, digest, err
		},
		fails:     "the digest of " + q.Release + " cannot be looked up",
		otherwise: "look it up on a machine that can reach a registry, where okd-install releases pin prints it, and give it with --digest",
	})
}

// checkFurther makes sure that an image, of which one architecture has been read, is for
// another one too.
func (c Client) checkFurther(ctx context.Context, reference, digest, architecture string, secret pullSecret) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return errors.New("it is not the pull spec of an image")
	}
	described, err := remote.Get(ref.Context().Digest(digest), c.options(ctx, architecture, secret)...)
	if err != nil {
		return err
	}
	image, err := described.Image()
	if err != nil {
		return err
	}
	return checkArchitecture(image, goArchitecture(architecture))
}

// Tags lists the tags of a repository, such as quay.io/okd/scos-release, in the order of
// the registry. Of the query only the pull secret and the trust bundle count. The error
// is a diag.Problem.
func (c Client) Tags(ctx context.Context, repository string, q Query) ([]string, error) {
	repo, err := name.NewRepository(repository)
	if err != nil || !strings.Contains(repository, "/") {
		return nil, diag.Problem{Detail: fmt.Sprintf("%.100q is not a repository", repository), Hint: "write it like quay.io/okd/scos-release, without a tag"}
	}
	secret, err := c.prepare(q)
	if err != nil {
		return nil, err
	}
	c.Transport = shortAnswers{c.Transport}
	tags, err := c.tags(ctx, repo, secret)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		var refused refusals
		refused.add(repository, err)
		return nil, refused.problem("the tags of "+repository+" cannot be listed",
			"list another repository that has them, such as a mirror, with --repository; leave out --online to list the catalogue")
	}
	return tags, nil
}

func (c Client) tags(ctx context.Context, repo name.Repository, secret pullSecret) ([]string, error) {
	puller, err := remote.NewPuller(c.options(ctx, "", secret)...)
	if err != nil {
		return nil, err
	}
	lister, err := puller.Lister(ctx, repo)
	if err != nil {
		return nil, err
	}
	var tags []string
	for pages := 0; lister.HasNext(); pages++ {
		page, err := lister.Next(ctx)
		if err != nil {
			return nil, err
		}
		if tags = append(tags, page.Tags...); len(tags) > maxTags || pages > maxPages {
			return nil, layerError(fmt.Sprintf("the repository lists more than %d tags on %d pages, more than any repository of releases",
				maxTags, maxPages))
		}
	}
	return tags, nil
}

// shortAnswers cuts off what is longer than any page of tags.
type shortAnswers struct{ http.RoundTripper }

func (s shortAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxPage), answer.Body}
	}
	return answer, err
}
