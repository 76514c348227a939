package bootkube

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTableKnowsTheReleases(t *testing.T) {
	t.Parallel()
	table := operatorTable()
	for _, row := range []struct {
		stage, flag, before, since, required string
	}{
		{"cluster-version-operator render", "feature-gate-manifest-path", "4.16", "4.17", ""},
		{"cluster-version-operator render", "cluster-version-manifest-path", "4.21", "4.22", ""},
		{"cluster-kube-apiserver-operator render", "operand-kubernetes-version", "4.17", "4.18", "validate"},
		{"cluster-authentication-operator render", "asset-output-dir", "4.18", "4.19", "run"},
		{"machine-config-operator bootstrap", "docker-registry-image", "4.20", "4.21", ""},
	} {
		if c, _ := table.Stage(row.before, row.stage); c.Flags[row.flag].Type != "" {
			t.Errorf("%s %s has --%s already", row.before, row.stage, row.flag)
		}
		c, ok := table.Stage(row.since, row.stage)
		if !ok || c.Flags[row.flag].Type != "string" || c.Flags[row.flag].RequiredBy != row.required {
			t.Errorf("%s %s: --%s is %+v", row.since, row.stage, row.flag, c.Flags[row.flag])
		}
	}
	for _, line := range lines {
		if !slices.Contains(table.Lines, line) {
			t.Errorf("the table has no line %s", line)
		}
		for stage := range behaviours {
			if _, ok := table.Stage(line, stage); !ok && stage != "cluster-authentication-operator render" {
				t.Errorf("%s has no %s", line, stage)
			}
		}
	}
}

func TestTableRefusesMistakes(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/operators.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ old, spoilt, want string }{
		{"from=4.17", "from=4.15", "no line 4.15"},
		{"required=cobra", "requird=cobra", "no attribute requird"},
		{"from=4.18]", "since 4.18]", "is not name=value"},
		{"    program: /usr/bin/render\n", "", "one of entrypoint and program"},
	} {
		_, err := Load([]byte(strings.Replace(string(raw), row.old, row.spoilt, 1)))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s for %s: %v, want %s", row.spoilt, row.old, err, row.want)
		}
	}
}
