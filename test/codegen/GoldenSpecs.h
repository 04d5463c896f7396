// Specs of the libraries in golden/, with kernels that are plain loops.
#ifndef INGOT_TEST_CODEGEN_GOLDENSPECS_H
#define INGOT_TEST_CODEGEN_GOLDENSPECS_H

#include "codegen/package/LibrarySpec.h"

namespace ingot::test {

package::LibrarySpec mlpSpec();     // dynamic batch, embedded weights
package::LibrarySpec decoderSpec(); // attention over a KV cache that grows in place
package::LibrarySpec cnnSpec();     // static shapes, two targets
package::LibrarySpec tallySpec();   // data-dependent output, replaced state, no weights

} // namespace ingot::test

#endif
