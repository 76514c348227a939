//go:build e2e && truth

package guest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

type groupKind struct{ group, kind string }

// manifest is a file with one object.
type manifest struct {
	file   string
	object map[string]any
}

func newManifest(t *testing.T, file string, raw []byte) manifest {
	t.Helper()
	m := manifest{file: file}
	if err := yaml.Unmarshal(raw, &m.object); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if m.text("kind") == "" || m.text("metadata", "name") == "" {
		t.Fatalf("%s holds no object:\n%s", file, tail(string(raw), 10))
	}
	return m
}

func (m manifest) text(keys ...string) string {
	var value any = m.object
	for _, key := range keys {
		o, _ := value.(map[string]any)
		value = o[key]
	}
	s, _ := value.(string)
	return s
}

func (m manifest) of() groupKind {
	group, _, ok := strings.Cut(m.text("apiVersion"), "/")
	if !ok {
		group = ""
	}
	return groupKind{group, m.text("kind")}
}

func (m manifest) String() string {
	return fmt.Sprintf("%s (%s %s)", m.file, m.text("kind"), path.Join(m.text("metadata", "namespace"), m.text("metadata", "name")))
}

// asker asks the API server as one client, over connections that it keeps.
type asker struct {
	t         *testing.T
	server    string
	http      *http.Client
	resources map[string][]resource
}

type resource struct {
	Name, Kind string
	Namespaced bool
}

func (h *host) newAsker(c client) *asker {
	h.t.Helper()
	transport := h.transport(c)
	transport.DisableKeepAlives = false
	h.t.Cleanup(transport.CloseIdleConnections)
	return &asker{
		t: h.t, server: c.server, resources: map[string][]resource{},
		http: &http.Client{Transport: transport, Timeout: time.Minute},
	}
}

// try sends a request, and what may be an object with it.
func (a *asker) try(method, at string, object any) (code int, said string) {
	a.t.Helper()
	var body io.Reader
	if object != nil {
		raw, err := json.Marshal(object)
		must(a.t, err)
		body = strings.NewReader(string(raw))
	}
	request, err := http.NewRequest(method, a.server+at, body)
	must(a.t, err)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(raw)
}

func (a *asker) must(want int, method, at string, object any) map[string]any {
	a.t.Helper()
	code, said := a.try(method, at, object)
	if code != want {
		a.t.Fatalf("%s %s: %d, want %d: %s", method, at, code, want, tail(said, 5))
	}
	var answer map[string]any
	must(a.t, json.Unmarshal([]byte(said), &answer))
	return answer
}

func (a *asker) until(what string, right func() (bool, string)) {
	a.t.Helper()
	for end := time.Now().Add(time.Minute * shared); ; time.Sleep(200 * time.Millisecond) {
		ok, said := right()
		if ok {
			return
		}
		if time.Now().After(end) {
			a.t.Fatalf("%s: it does not come to pass: %s", what, said)
		}
	}
}

// paths are where the objects of a manifest's kind are, and where that one is. Without its
// kind they are empty.
func (a *asker) paths(m manifest) (list, one string) {
	version := m.text("apiVersion")
	base := "/apis/" + version
	if !strings.Contains(version, "/") {
		base = "/api/" + version
	}
	if a.resources[version] == nil {
		_, said := a.try("GET", base, nil)
		var answer struct{ Resources []resource }
		_ = json.Unmarshal([]byte(said), &answer)
		a.resources[version] = answer.Resources
	}
	i := slices.IndexFunc(a.resources[version], func(r resource) bool { return r.Kind == m.text("kind") && !strings.Contains(r.Name, "/") })
	if i < 0 {
		delete(a.resources, version)
		return "", ""
	}
	if r := a.resources[version][i]; r.Namespaced {
		list = path.Join(base, "namespaces", m.text("metadata", "namespace"), r.Name)
	} else {
		list = path.Join(base, r.Name)
	}
	return list, path.Join(list, m.text("metadata", "name"))
}

// differences lists what we wrote and the server does not have. What is null or empty stands
// for what is not there.
func differences(at string, wrote, has any) (all []string) {
	switch w := wrote.(type) {
	case nil:
	case map[string]any:
		h, _ := has.(map[string]any)
		for key, value := range w {
			if key == "namespace" && at == ".metadata" && h[key] == nil {
				continue // a cluster has one of it, whatever its manifest says
			}
			all = append(all, differences(at+"."+key, value, h[key])...)
		}
	case []any:
		h, _ := has.([]any)
		if len(h) != len(w) {
			return []string{fmt.Sprintf("%s has %d entries, want %d", at, len(h), len(w))}
		}
		for i := range w {
			all = append(all, differences(fmt.Sprintf("%s[%d]", at, i), w[i], h[i])...)
		}
	default:
		if !reflect.DeepEqual(wrote, has) && (wrote != "" || has != nil) {
			all = append(all, fmt.Sprintf("%s is %v, want %v", at, has, wrote))
		}
	}
	slices.Sort(all)
	return all
}

const strict = "?fieldValidation=Strict"

// validate has the server judge an object without storing it. That there is one of the name
// it finds out last.
func (a *asker) validate(m manifest) (complaints []string) {
	a.t.Helper()
	list, _ := a.paths(m)
	if list == "" {
		return []string{fmt.Sprintf("%s: the server does not know the kind", m)}
	}
	if code, said := a.try("POST", list+strict+"&dryRun=All", m.object); code != 201 && code != 409 {
		return []string{refusal(m, "refused", code, said)}
	}
	return nil
}

func refusal(m manifest, what string, code int, said string) string {
	var status struct{ Message string }
	_ = json.Unmarshal([]byte(said), &status)
	return fmt.Sprintf("%s: %s: %d: %s", m, what, code, status.Message)
}

// create creates an object and its status, and lets no unknown field pass. It returns why the
// server refuses it, or what of it the server does not have.
func (a *asker) create(m manifest) (complaints []string) {
	a.t.Helper()
	list, one := a.paths(m)
	if list == "" {
		return []string{fmt.Sprintf("%s: the server does not know the kind", m)}
	}
	code, said := a.try("POST", list+strict, m.object)
	if code != 201 {
		return []string{refusal(m, "refused", code, said)}
	}
	var there map[string]any
	must(a.t, json.Unmarshal([]byte(said), &there))
	if status, ok := m.object["status"]; ok && there["status"] == nil {
		there["status"] = status
		code, said = a.try("PUT", one+"/status"+strict, there)
		if code != 200 && code != 404 {
			return []string{refusal(m, "the status is refused", code, said)}
		}
	}
	return a.has(m)
}

// has reads an object back, and returns what of the manifest it does not hold.
func (a *asker) has(m manifest) (complaints []string) {
	a.t.Helper()
	list, one := a.paths(m)
	if list == "" {
		return []string{fmt.Sprintf("%s: the server does not know the kind", m)}
	}
	code, said := a.try("GET", one, nil)
	if code != 200 {
		return []string{fmt.Sprintf("%s is not there: %d: %s", m, code, tail(said, 3))}
	}
	var there map[string]any
	must(a.t, json.Unmarshal([]byte(said), &there))
	for _, d := range differences("", m.object, there) {
		complaints = append(complaints, fmt.Sprintf("%s: %s", m, d))
	}
	return complaints
}

// remove takes an object away.
func (a *asker) remove(m manifest) {
	a.t.Helper()
	if _, one := a.paths(m); one != "" {
		if code, said := a.try("DELETE", one, nil); code != 200 && code != 404 {
			a.t.Errorf("%s cannot be deleted: %d: %s", m, code, said)
		}
	}
}

// restore creates an object again as it was, with its status.
func (a *asker) restore(one string, o map[string]any) {
	a.t.Helper()
	meta := o["metadata"].(map[string]any)
	for _, key := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"} {
		delete(meta, key)
	}
	there := a.must(201, "POST", path.Dir(one), o)
	if status, ok := o["status"]; ok && there["status"] == nil {
		there["status"] = status
		a.must(200, "PUT", one+"/status", there)
	}
}
