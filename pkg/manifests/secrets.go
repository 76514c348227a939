package manifests

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

func pullSecret(in Inputs) (values, error) {
	return values{"pullSecret": encoded(in.Config.PullSecret)}, nil
}

func kubeadmin(in Inputs) (values, error) {
	return values{"passwordHash": encoded(in.PasswordHash)}, nil
}

func userData(in Inputs, role string) (values, error) {
	pointer, ok := in.Pointers[role]
	if !ok {
		return nil, fmt.Errorf("there is no pointer Ignition config for role %s", role)
	}
	name := role + "-user-data"
	if role == "arbiter" || in.Platform.ManagedUserData {
		name += "-managed"
	}
	return values{"name": name, "pointer": encoded(pointer)}, nil
}

// fencing makes a file for each of the two nodes. A node known by its MAC address
// only has a hash of it in the name, since a MAC address is not a valid name.
func fencing(in Inputs) (files []filled, err error) {
	f := pool(in.Config, "master").Fencing
	if f == nil {
		return nil, nil
	}
	width := len(strconv.Itoa(len(f.Credentials)))
	for i, c := range f.Credentials {
		name, by := c.HostName, "hostname"
		if name == "" {
			mac := strings.ReplaceAll(strings.ToLower(c.MACAddress), ":", "")
			sum := sha256.Sum256([]byte(mac))
			name, by = hex.EncodeToString(sum[:]), "mac-address"
		}
		files = append(files, filled{fmt.Sprintf("%0*d", width, i), values{
			"machine": name, "knownBy": by,
			"username": encoded(c.Username), "password": encoded(c.Password),
			"address": encoded(c.Address), "certificateVerification": encoded(c.CertificateVerification),
		}})
	}
	return files, nil
}

// encoded is a value of a Secret, which is base64 in YAML.
func encoded[T string | []byte](value T) string {
	return base64.StdEncoding.EncodeToString([]byte(value))
}
