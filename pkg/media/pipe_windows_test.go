package media

import "testing"

func makePipe(t *testing.T, _ string) {
	t.Helper()
	t.Skip("there are no named pipes in folders here")
}
