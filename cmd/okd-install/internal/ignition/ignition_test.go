package ignition

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// On a terminal secrets are hidden and what is no text is refused; elsewhere
// the bytes are exact.
func TestCatOnTerminal(t *testing.T) {
	t.Parallel()
	const config = `{"ignition":{"version":"3.2.0"},"storage":{"files":[
	{"path":"/config.json","contents":{"source":"data:,%7B%22auth%22:%22s3cret%22%7D"}},{"path":"/binary","contents":{"source":"data:,%00%1b"}}]}}`
	for _, c := range []struct {
		path           string
		screen, show   bool
		want, wantSaid string
	}{
		{"/config.json", false, false, `{"auth":"s3cret"}`, ""},
		{"/config.json", true, false, `{"auth":"<secret 1>"}`, "--show-secrets shows them"},
		{"/config.json", true, true, `{"auth":"s3cret"}`, ""},
		{"/binary", false, false, "\x00\x1b", ""},
		{"/binary", true, true, "", "is no text"},
	} {
		var out, said bytes.Buffer
		a := cli.New("", "")
		a.SetStreams(&out, &said)
		a.LogLevel = "info"
		a.SetUpLog()
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		cmd.SetIn(strings.NewReader(config))
		err := catOptions{App: a, screen: c.screen, showSecrets: c.show}.run(cmd, "-", c.path)
		_ = a.Show()
		if err != nil {
			said.WriteString(err.Error())
		}
		if out.String() != c.want || !strings.Contains(said.String(), c.wantSaid) || (c.wantSaid == "") != (said.Len() == 0) {
			t.Errorf("%+v: got %q, said %q", c, out.String(), said.String())
		}
	}
}
