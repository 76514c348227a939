package installconfig

import (
	"fmt"
)

// Bounds of the RSA keys that signers may have, in bits.
const (
	minRSA  = 2048
	maxRSA  = 8192
	stepRSA = 1024
)

func validatePKI(c *InstallConfig, f *findings) {
	if c.PKI == nil {
		return
	}
	const path = "pki.signerCertificates.key"
	key := c.PKI.SignerCertificates.Key
	if !f.word(path+".algorithm", key.Algorithm) {
		return
	}
	isRSA := key.Algorithm == "RSA"
	if isRSA && key.ECDSA != nil {
		f.fail(path+".ecdsa", "is given, but the algorithm is RSA", "remove it, or change the algorithm")
	}
	if !isRSA && key.RSA != nil {
		f.fail(path+".rsa", "is given, but the algorithm is ECDSA", "remove it, or change the algorithm")
	}
	switch {
	case isRSA && key.RSA == nil:
		f.fail(path+".rsa", "is missing", "write rsa: and below it, indented, keySize: 4096")
	case isRSA:
		if n := key.RSA.KeySize; n < minRSA || n > maxRSA || n%stepRSA != 0 {
			f.fail(path+".rsa.keySize", fmt.Sprintf("%d is not a size that keys of signers may have", n),
				fmt.Sprintf("use a multiple of %d from %d to %d", stepRSA, minRSA, maxRSA))
		}
	case key.ECDSA == nil:
		f.fail(path+".ecdsa", "is missing", "write ecdsa: and below it, indented, curve: P256")
	default:
		f.word(path+".ecdsa.curve", key.ECDSA.Curve)
	}
}
