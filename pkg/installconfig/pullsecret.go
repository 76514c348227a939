package installconfig

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/release"
)

// validatePullSecret checks the credentials for registries and returns the
// registries that there are credentials for; nil if the secret cannot be read. It says
// nothing of the secret but the names of registries.
func validatePullSecret(c *InstallConfig, f *findings) []string {
	const path = "pullSecret"
	const hint = `OKD needs none: remove the field, or write pullSecret: '` + PublicPullSecret + `'`
	if strings.TrimSpace(c.PullSecret) == "" {
		f.fail(path, "is empty", hint)
		return nil
	}
	var secret struct {
		Auths map[string]map[string]any `json:"auths"`
	}
	if err := json.Unmarshal([]byte(c.PullSecret), &secret); err != nil {
		textOf(path, c.PullSecret, f).failSlip(secretSlip(c.PullSecret, err), c.PullSecret)
		return nil
	}
	if len(secret.Auths) == 0 {
		detail, next := noAuths(c.PullSecret, hint)
		f.fail(path, detail, next)
		return nil
	}
	registries := slices.Sorted(maps.Keys(secret.Auths))
	for _, registry := range registries {
		problem, shaped := authProblem(secret.Auths[registry])
		if problem == "" {
			continue
		}
		entry := "the entry of " + strconv.Quote(shorten(registry)) + " " + problem
		way := "auth is what this prints: printf %s user:password | base64 -w0"
		switch {
		case !shaped || c.asks(registry, f.release):
			f.fail(path, entry, way)
		case strings.ContainsAny(registry, ".:"):
			f.warn(path, entry+", so that nothing can be pulled from there", way)
		default: // an entry that only has to be there, as guides have it
			way = `write {"auth":"` + publicAuth + `"} for it`
			if len(registries) == 1 {
				way = "write pullSecret: '" + PublicPullSecret + "'"
			}
			f.warn(path, entry+", which goes unnoticed only because no image comes from there", way)
		}
	}
	return registries
}

// asks reports whether the cluster will ask a registry for images: that of the release,
// or one that has or mirrors them.
func (c *InstallConfig) asks(registry string, r release.Release) bool {
	images := []string{cmp.Or(r.Image, "quay.io/okd/scos-release")}
	for _, s := range c.ImageDigestSources {
		images = append(append(images, s.Source), s.Mirrors...)
	}
	for _, s := range c.ImageContentSources {
		images = append(append(images, s.Source), s.Mirrors...)
	}
	return slices.ContainsFunc(images, func(image string) bool { return hasCredentials(registryOf(image), []string{registry}) })
}

// isTwice reports whether what base64 stands for is base64 of user:password again.
func isTwice(decoded []byte) bool {
	again, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(decoded)))
	return err == nil && strings.Contains(string(again), ":")
}

// authProblem says why a registry's entry holds no credentials, or "". It is shaped if
// it has a text where they belong.
func authProblem(entry map[string]any) (problem string, shaped bool) {
	auth, hasAuth := entry["auth"]
	if !hasAuth {
		if _, ok := entry["credsStore"]; ok {
			return "", true
		}
		if _, ok := entry["password"]; ok {
			return "has a password, but no auth", false
		}
		return "has no auth", false
	}
	text, ok := auth.(string)
	if !ok {
		return "has an auth that is not text", false
	}
	if text == "" {
		return "has an empty auth", true
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil && strings.Contains(text, ":"):
		return "has user:password itself as its auth, and not the base64 of it", true
	case err != nil:
		return "has an auth that is not base64", true
	case isTwice(decoded):
		return "has an auth that is base64 twice", true
	case !strings.Contains(string(decoded), ":"):
		return "has an auth that is not base64 of user:password", true
	}
	return "", true
}
