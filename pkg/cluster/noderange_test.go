package cluster

import (
	"strings"
	"testing"
)

func TestNodeRanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"worker-[0-3]":               "worker-0 worker-1 worker-2 worker-3",
		"worker-{2..3}.example.com":  "worker-2.example.com worker-3.example.com",
		"w[08-11]":                   "w08 w09 w10 w11",
		"a,w-[1-1],b":                "a w-1 b",
		"w[3-1]":                     `"w[3-1]" begins with 3 and ends with 1`,
		"w[0-1000]":                  "more than 1000 nodes",
		"w[0-99999999999999999999]":  "more than 1000 nodes",
		"w[0-1]=192.0.2.1":           "is a range, and has addresses",
		"w[0-":                       "cannot be the name of a node",
		"w[a-b]":                     "cannot be the name of a node",
		"worker-0,worker-[0-1]":      "worker-0 is listed twice",
		"w-[0-1]-[0-1].example.com.": "cannot be the name of a node",
	} {
		nodes, err := ParseNodes("--nodes", text, false)
		var names []string
		for _, n := range nodes {
			names = append(names, n.Name)
		}
		if got := strings.Join(names, " "); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
}
