package tls

import "fmt"

// HostFiles gives the files that bootstrap.ign carries below /opt/openshift,
// by slash path: tls/<name>.crt, .key and .pub, and the kubeconfigs in auth/.
//
// It wants every row of Certificates and KeyPairs, but for the key pairs that
// only a user brings. A signer whose key the host has no use for stays at home.
func HostFiles(n Names, certs map[string]Pair, keys map[string]KeyPair) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, c := range Certificates {
		pair, ok := certs[c.Name]
		if !ok {
			return nil, fmt.Errorf("the certificate %s is missing", c.Name)
		}
		if c.Host == certOnly || c.Host == certAndKey {
			files["tls/"+c.Name+".crt"] = pair.Cert
		}
		if c.Host == certAndKey {
			files["tls/"+c.Name+".key"] = pair.Key
		}
	}
	for _, b := range bundles {
		content, err := b.pem(certs)
		if err != nil {
			return nil, err
		}
		files["tls/"+b.Name+".crt"] = content
	}
	for _, r := range KeyPairs {
		pair, ok := keys[r.Name]
		switch {
		case !ok && !r.UserOnly:
			return nil, fmt.Errorf("the key pair %s is missing", r.Name)
		case ok && r.Host:
			files["tls/"+r.Name+".key"] = pair.Private
			files["tls/"+r.Name+".pub"] = pair.Public
		}
	}
	for _, k := range Kubeconfigs {
		if !k.Host {
			continue
		}
		content, err := k.Render(n, certs)
		if err != nil {
			return nil, err
		}
		files[k.File] = content
	}
	return files, nil
}
