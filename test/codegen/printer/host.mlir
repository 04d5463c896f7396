// What only some entries need: templates of runtime/ops, outputs that stay in the workspace, states with an old and a new
// value, size slots, buffers with offsets of any sign.
// RUN: ingot-translate --target=x86-64-v2 %s | FileCheck %s

module { plan.model @host {
  plan.kernel @step(%x: memref<?xf32> {plan.name = "x"}, %s: memref<?xf32> {plan.name = "s"}, %t: memref<?xf32> {plan.name = "t"})
      attributes {target = "scalar", writes = [2], plan.grain = 4 : i64} {
    %c4 = arith.constant 4 : index
    scf.forall (%tile) in (%c4) {
      %a = memref.load %x[%tile] : memref<?xf32>
      %b = memref.load %s[%tile] : memref<?xf32>
      %c = arith.addf %a, %b : f32
      memref.store %c, %t[%tile] : memref<?xf32>
    }
    plan.return
  }
// CHECK: #include "ingot/ops/unique.hpp"
// CHECK-LABEL: ingot_status host_scalar_run(
// CHECK-SAME:      const float *x, const ingot_sequence *names,
// CHECK:         counter[0] = (n + 1) / 2 + ingot_max(4, n) - 2;
// CHECK:         // Unique_1
// CHECK:         if (ingot_status status = ingot::ops::unique(
// CHECK:           /*sizes=*/ingot::list(1, 2), ingot::view<INGOT_F32>(x, n),
// CHECK-NEXT:        *names, ingot::view<INGOT_F32>(found, -1),
// CHECK-NEXT:        ingot::view<INGOT_I64>(size, 1)))
// CHECK-NEXT:      return status;
// CHECK-NEXT:    const int64_t s0 = size[0];
// CHECK:         host_scalar_step(x, state, state_next, 0, 4);
// CHECK:         frame->values = {found, size_t(s0)};
// CHECK-NEXT:    return INGOT_OK;
  plan.entry @run(%n: index {plan.role = "symbol", plan.name = "n"},
                  %x: memref<?xf32> {plan.role = "input", plan.name = "x", plan.type = tensor<?xf32, #nn.shape<"n">>},
                  %l: memref<?xi8> {plan.role = "input", plan.name = "names", plan.type = !nn.sequence<tensor<4xf32>>},
                  %s: memref<?xf32> {plan.role = "state", plan.name = "state", plan.type = tensor<4xf32>},
                  %v: memref<?xf32> {plan.role = "output", plan.name = "values", plan.type = tensor<?xf32, #nn.shape<"s0">>},
                  %ws: memref<?xi8> {plan.role = "workspace"}) {
    %counter = plan.slice %ws["0"] count "1" : memref<?xi8> to memref<?xi64> loc("counter")
    %i = plan.dim "floordiv(n - 3, 2) + max(n, 4)" loc("counter_value")
    plan.set %counter = %i : memref<?xi64>
    %f = plan.slice %ws["64"] count "n" : memref<?xi8> to memref<?xf32> loc("found")
    %size = plan.slice %ws["64 + n*4"] count "1" : memref<?xi8> to memref<?xi64> loc("size")
    plan.call "unique" (%x, %l, %f, %size) [tensor<?xf32, #nn.shape<"n">>, !nn.sequence<tensor<4xf32>>, tensor<?xf32, #nn.shape<"s0">>, tensor<1xi64>]
        inputs 2 params {axis = -1 : i64, mode = "sorted", sizes = array<i64: 1, 2>}
        : memref<?xf32>, memref<?xi8>, memref<?xf32>, memref<?xi64> loc("Unique_1")
    %r = plan.read %size[0] : memref<?xi64> -> index loc("s0")
    plan.bind "s0" = %r
    plan.launch @step(%x, %s, %s) : memref<?xf32>, memref<?xf32>, memref<?xf32> loc("Add_2")
    plan.publish %f as %v tensor<?xf32, #nn.shape<"s0">> : memref<?xf32>, memref<?xf32>
    plan.return
  }
}}
