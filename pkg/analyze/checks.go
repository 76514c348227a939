package analyze

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// check finds a cause by what the bundle holds or lacks. Stages says for which stages it
// counts, as in a row of causes, and score how much, next to the lines of logs.
type check struct {
	cause  string
	stages []string
	score  int
	look   func(*collection) (Evidence, bool)
}

// checks are made in this order. Those of the last rank, whatever counts less than any line
// of a machine, tell what follows of a cause rather than one: no machine joins that cannot
// fetch its image.
var checks = []check{
	{"architecture", []string{"image-metadata-arches-match"}, 100, func(*collection) (Evidence, bool) { return Evidence{}, true }},
	{"pending-requests", later, 105, (*collection).pendingRequests},
	{"hostname", later, 104, (*collection).localhost},
	{"dns-api", append([]string{"resolve-api-url", "resolve-api-int-url", "check-api-url", "check-api-int-url"}, later...), 84, (*collection).nameNotFound},
	{"load-balancer", append([]string{"check-api-url", "check-api-int-url"}, progressStages...), 83, (*collection).urlNotAnswered},
	{"no-machine-asked", later, consequence, (*collection).nobodyAsked},
	{"no-nodes", later, consequence - 1, (*collection).noNodes},
	{"operators", progressStages, consequence - 2, (*collection).stuckOperators},
}

// consequence is the score of checks that find what something else may be the cause of.
const consequence = 65

var progressStages = []string{"wait-for-ceo", "wait-for-bootstrap-complete", "report-bootstrap-complete", "cvo-overrides"}

// nameNotFound finds a stage of bootkube that could not look the API's name up.
func (c *collection) nameNotFound() (Evidence, bool) {
	return c.optionalFailed(func(name, message string) bool {
		return strings.HasPrefix(name, "resolve-api-") ||
			strings.HasPrefix(name, "check-api-") && readLine("", strings.ToLower(message)).about == aboutLookup
	})
}

// urlNotAnswered finds a stage of bootkube that the API did not answer.
func (c *collection) urlNotAnswered() (Evidence, bool) {
	return c.optionalFailed(func(name, message string) bool {
		return strings.HasPrefix(name, "check-api-") && readLine("", strings.ToLower(message)).about != aboutLookup
	})
}

// optionalFailed finds a stage of bootkube that failed and did not stop it.
func (c *collection) optionalFailed(wanted func(name, message string) bool) (Evidence, bool) {
	for _, run := range serviceOf(bootkube, c.records[bootkube]).optional {
		if wanted(run.name, run.last.ErrorMessage) {
			return Evidence{
				File: c.places[bootkube], Line: run.last.Line,
				Text: fmt.Sprintf("stage %s failed: %s", run.name, excerpt(run.last.ErrorMessage)),
			}, true
		}
	}
	return Evidence{}, false
}

// list returns the words of a small file, or false if it is not there. An API that did
// not answer leaves an empty file, which says nothing unless another one tells that it did.
func (c *collection) list(place string) ([]string, bool) {
	data, ok := c.small[place]
	return strings.Fields(string(data)), ok
}

func (c *collection) localhost() (Evidence, bool) {
	names, _ := c.list("resources/nodes.list")
	for i, name := range names {
		if name == "localhost" || strings.HasPrefix(name, "localhost.") {
			return Evidence{File: c.names["resources/nodes.list"], Line: i + 1, Text: diag.Plain(name)}, true
		}
	}
	return Evidence{}, false
}

// The bundle has a folder resources only if the API answered.
func (c *collection) noNodes() (Evidence, bool) {
	place := "resources/masters.list"
	masters, ok := c.list(place)
	if !ok || len(masters) > 0 {
		return Evidence{}, false
	}
	return Evidence{File: c.names[place], Text: "(the list is empty)"}, true
}

func (c *collection) nobodyAsked() (Evidence, bool) {
	return Evidence{
		File: "bootstrap/containers/machine-config-server-….log",
		Text: "(no line shows that a machine requested its config)",
	}, c.served && !c.asked
}

func (c *collection) pendingRequests() (Evidence, bool) {
	var requests struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Spec struct {
				Username string `json:"username"`
			} `json:"spec"`
			Status struct {
				Conditions []json.RawMessage `json:"conditions"`
			} `json:"status"`
		} `json:"items"`
	}
	place := "resources/csr.json"
	if json.Unmarshal(c.small[place], &requests) != nil {
		return Evidence{}, false
	}
	var pending []string
	for _, r := range requests.Items {
		if len(r.Status.Conditions) == 0 {
			pending = append(pending, r.Metadata.Name+" of "+r.Spec.Username)
		}
	}
	return Evidence{File: c.names[place], Text: excerpt(strings.Join(pending, ", ")), Count: len(pending)}, len(pending) > 0
}

func (c *collection) stuckOperators() (Evidence, bool) {
	var operators struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Status struct {
				Conditions []struct {
					Type    string `json:"type"`
					Status  string `json:"status"`
					Message string `json:"message"`
				} `json:"conditions"`
			} `json:"status"`
		} `json:"items"`
	}
	place := "resources/clusteroperators.json"
	if json.Unmarshal(c.small[place], &operators) != nil {
		return Evidence{}, false
	}
	var first string
	count := 0
	for _, o := range operators.Items {
		for _, condition := range o.Status.Conditions {
			if condition.Type == "Degraded" && condition.Status == "True" {
				if count++; first == "" {
					first = o.Metadata.Name + ": " + condition.Message
				}
			}
		}
	}
	return Evidence{File: c.names[place], Text: excerpt(first), Count: count}, count > 0
}
