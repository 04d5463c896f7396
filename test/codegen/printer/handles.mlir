// Sequences and optionals are structs in the workspace; constant strings are literals.
// RUN: ingot-translate --target=x86-64-v2 %s | FileCheck %s

module { plan.model @handles {
  plan.weight @words !nn.string x 2 {value = dense<["say \22hi\22", "caf\C3\A9?"]> : tensor<2x!nn.string>}
// CHECK-LABEL: ingot_status handles_scalar_run(
// CHECK:         static const ingot_string words[] = {{[{]{}}"say \"hi\"", 8}, {"café\077", 6}};
// CHECK:         ingot_sequence *list = reinterpret_cast<ingot_sequence *>(workspace);
// CHECK:         ingot::ops::sequence_construct(
// CHECK-NEXT:        ingot::view<INGOT_STRING>(words, 2), *list))
// CHECK:         ingot_optional *some = reinterpret_cast<ingot_optional *>(workspace + 64);
// CHECK:         ingot::ops::optional_of({{.*}}, *list, *some)
// CHECK:         /*delimiter=*/ingot_string{",", 1}
// CHECK:         frame->y = *some;
  plan.entry @run(%o: memref<?x!nn.optional<tensor<2xf32>>> {plan.role = "input", plan.name = "x", plan.type = !nn.optional<tensor<2xf32>>},
                  %y: memref<?x!nn.optional<!nn.sequence<tensor<2x!nn.string>>>> {plan.role = "output", plan.name = "y",
                     plan.type = !nn.optional<!nn.sequence<tensor<2x!nn.string>>>},
                  %ws: memref<?xi8> {plan.role = "workspace"}) {
    %w = plan.get_weight @words : memref<?x!nn.string>
    %l = plan.slice %ws["0"] count "1" : memref<?xi8> to memref<?x!nn.sequence<tensor<2x!nn.string>>> loc("list")
    plan.call "sequence_construct" (%w, %l) [tensor<2x!nn.string>, !nn.sequence<tensor<2x!nn.string>>] inputs 1 params {}
        : memref<?x!nn.string>, memref<?x!nn.sequence<tensor<2x!nn.string>>>
    %s = plan.slice %ws["64"] count "1" : memref<?xi8> to memref<?x!nn.optional<!nn.sequence<tensor<2x!nn.string>>>> loc("some")
    plan.call "optional_of" (%l, %s) [!nn.sequence<tensor<2x!nn.string>>, !nn.optional<!nn.sequence<tensor<2x!nn.string>>>] inputs 1 params {}
        : memref<?x!nn.sequence<tensor<2x!nn.string>>>, memref<?x!nn.optional<!nn.sequence<tensor<2x!nn.string>>>>
    plan.call "split_strings" (%w) [tensor<2x!nn.string>] inputs 1 params {delimiter = ","} : memref<?x!nn.string>
    plan.publish %s as %y !nn.optional<!nn.sequence<tensor<2x!nn.string>>>
        : memref<?x!nn.optional<!nn.sequence<tensor<2x!nn.string>>>>, memref<?x!nn.optional<!nn.sequence<tensor<2x!nn.string>>>>
    plan.return
  }
}}
