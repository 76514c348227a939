package installconfig

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
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
		f.fail(path, "is not the JSON of a pull secret", hint)
		return nil
	}
	if len(secret.Auths) == 0 {
		f.fail(path, "has no registries under auths", hint)
		return nil
	}
	registries := slices.Sorted(maps.Keys(secret.Auths))
	for _, registry := range registries {
		if problem := authProblem(secret.Auths[registry]); problem != "" {
			f.fail(path, "the entry of "+strconv.Quote(shorten(registry))+" "+problem,
				"auth is what this prints: printf %s user:password | base64 -w0")
		}
	}
	return registries
}

// authProblem says why a registry's entry holds no credentials, or "".
func authProblem(entry map[string]any) string {
	auth, hasAuth := entry["auth"]
	if !hasAuth {
		if _, ok := entry["credsStore"]; ok {
			return ""
		}
		return "has no auth"
	}
	text, ok := auth.(string)
	if !ok {
		return "has an auth that is not text"
	}
	if text == "" {
		return "has an empty auth"
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return "has an auth that is not base64"
	case !strings.Contains(string(decoded), ":"):
		return "has an auth that is not base64 of user:password"
	}
	return ""
}
