package gather

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"
)

// mostRecords bounds what is read of the service records, in bytes, and recordsLimit how
// long that may take.
const (
	mostRecords  = 64 << 20
	recordsLimit = 2 * time.Minute
)

// ServiceRecords reads how far the services of a bootstrap host are: the content of
// /var/log/openshift/SERVICE.json by SERVICE, as analyze.Bootstrap takes it.
func ServiceRecords(ctx context.Context, a *Access, host Endpoint) (map[string][]byte, error) {
	c, err := a.connect(ctx, host)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	var out bytes.Buffer
	err = c.within(ctx, recordsLimit, "cd /var/log/openshift && tar --create --file - .", nil, &limited{w: &out, left: mostRecords}, nil)
	var failed *commandError
	if errors.As(err, &failed) && out.Len() == 0 {
		return nil, problemOf(host, "there are no service records on it",
			"check that this is the bootstrap host; it has none before its services start: look at its console")
	}
	if err != nil && failed == nil {
		return nil, err
	}
	records := map[string][]byte{}
	archive := tar.NewReader(&out)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) || err != nil && len(records) > 0 {
			return records, nil
		}
		if err != nil {
			return nil, problemOf(host, "its service records cannot be read", "run on the host: ls /var/log/openshift")
		}
		name, ok := strings.CutSuffix(path.Clean(h.Name), ".json")
		if !ok || h.Typeflag != tar.TypeReg || !isName(name) {
			continue
		}
		if records[name], err = io.ReadAll(archive); err != nil {
			delete(records, name)
		}
	}
}
