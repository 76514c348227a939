package diag

import "testing"

func TestProblemsPrintInFileOrder(t *testing.T) {
	ps := Problems{
		{Position: Position{File: "a.yaml", Line: 9, Column: 1}, Path: "x.y", Detail: "is wrong", Hint: "mend it"},
		{Position: Position{File: "a.yaml", Line: 2, Column: 5}, Detail: "is empty"},
		{Position: Position{File: "a.yaml"}, Path: "apiVersion", Detail: "is missing"},
	}
	want := "a.yaml: apiVersion: is missing\n" +
		"a.yaml:2:5: is empty\n" +
		"a.yaml:9:1: x.y: is wrong\n    hint: mend it"
	if got := ps.Err().Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if Problems(nil).Err() != nil {
		t.Error("no problems must not be an error")
	}
}

func TestNearest(t *testing.T) {
	fields := []string{"clusterNetwork", "serviceNetwork", "networkType", "mtu"}
	for word, want := range map[string]string{
		"clusterNetworkz": "clusterNetwork",
		"netwrokType":     "networkType",
		"NetworkType":     "networkType",
		"nothingLikeIt":   "",
		"x":               "",
		"mut":             "mtu",
	} {
		if got := Nearest(word, fields); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
