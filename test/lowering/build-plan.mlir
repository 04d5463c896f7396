// RUN: ingot-opt %s --split-input-file --build-plan | FileCheck %s

#v = affine_map<(d0) -> (d0)>
#m = affine_map<(d0, d1) -> (d0, d1)>

// A view keeps the old elements alive: a copy is updated. The updated tensor and the view's reader are outputs, written directly.
// CHECK-LABEL: plan.entry @view_read_later(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?xf32> {plan.name = "input0"{{.*}}, %[[Y:[a-z0-9]+]]: memref<?xf32> {plan.name = "output0"{{.*}}, %[[U:[a-z0-9]+]]: memref<?xf32> {plan.name = "output1"
// CHECK: %[[D:.*]] = plan.alloc "16"
// CHECK-NEXT: plan.launch @exp(%[[X]], %[[D]])
// CHECK-NEXT: plan.launch @copy_of_exp(%[[D]], %[[U]]) {names = ["exp", "copy of exp"], origin = ["copy of exp"]}
// CHECK-NEXT: plan.launch @update(%[[X]], %[[U]])
// CHECK-NEXT: plan.launch @tanh(%[[D]], %[[Y]])
func.func @view_read_later(%x: tensor<16xf32>) -> (tensor<4x4xf32>, tensor<16xf32>) {
  %d = kernel.generic domain <"16"> iterators "p" ins(%x : tensor<16xf32>) maps [#v, #v] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<16xf32> {
  ^bb0(%e: f32):
    %s = math.exp %e : f32
    kernel.yield %s : f32
  } loc("exp")
  %old = kernel.view %d : tensor<16xf32> to tensor<4x4xf32>
  %u = kernel.generic domain <"8"> iterators "p" ins(%x : tensor<16xf32>) dests(%d : tensor<16xf32>) maps [#v, #v] symbols <> padding [unit]
      init [unit] dest_of [0] -> tensor<16xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("update")
  %y = kernel.generic domain <"4", "4"> iterators "pp" ins(%old : tensor<4x4xf32>) maps [#m, #m] symbols <> padding [unit] init [unit]
      dest_of [-1] -> tensor<4x4xf32> {
  ^bb0(%e: f32):
    %s = math.tanh %e : f32
    kernel.yield %s : f32
  } loc("tanh")
  return %y, %u : tensor<4x4xf32>, tensor<16xf32>
}

// -----

#v = affine_map<(d0) -> (d0)>
#m = affine_map<(d0, d1) -> (d0, d1)>

// The old elements are an output under another name.
// CHECK-LABEL: plan.entry @view_returned(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?xf32> {plan.name = "input0"{{.*}}, %[[OLD:[a-z0-9]+]]: memref<?xf32> {plan.name = "output0"{{.*}}, %[[U:[a-z0-9]+]]: memref<?xf32> {plan.name = "output1"
// CHECK: plan.launch @exp(%[[X]], %[[OLD]])
// CHECK-NEXT: plan.launch @copy_of_exp(%[[OLD]], %[[U]])
// CHECK-NEXT: plan.launch @update(%[[X]], %[[U]])
// CHECK-NEXT: plan.return
func.func @view_returned(%x: tensor<16xf32>) -> (tensor<4x4xf32>, tensor<16xf32>) {
  %d = kernel.generic domain <"16"> iterators "p" ins(%x : tensor<16xf32>) maps [#v, #v] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<16xf32> {
  ^bb0(%e: f32):
    %s = math.exp %e : f32
    kernel.yield %s : f32
  } loc("exp")
  %old = kernel.view %d : tensor<16xf32> to tensor<4x4xf32>
  %u = kernel.generic domain <"8"> iterators "p" ins(%x : tensor<16xf32>) dests(%d : tensor<16xf32>) maps [#v, #v] symbols <> padding [unit]
      init [unit] dest_of [0] -> tensor<16xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("update")
  return %old, %u : tensor<4x4xf32>, tensor<16xf32>
}

// -----

#v = affine_map<(d0) -> (d0)>
#m = affine_map<(d0, d1) -> (d0, d1)>

// A view of an input is not the run's to change.
// CHECK-LABEL: plan.entry @view_of_input(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?xf32> {plan.name = "input0"{{.*}}, %[[P:[a-z0-9]+]]: memref<?xf32> {plan.name = "input1"{{.*}}, %[[U:[a-z0-9]+]]: memref<?xf32> {plan.name = "output0"
// CHECK: plan.launch @copy(%[[X]], %[[U]])
// CHECK-NEXT: plan.launch @update(%[[P]], %[[U]])
// CHECK-NEXT: plan.return
func.func @view_of_input(%x: tensor<4x4xf32>, %part: tensor<8xf32>) -> tensor<16xf32> {
  %flat = kernel.view %x : tensor<4x4xf32> to tensor<16xf32>
  %u = kernel.generic domain <"8"> iterators "p" ins(%part : tensor<8xf32>) dests(%flat : tensor<16xf32>) maps [#v, #v] symbols <>
      padding [unit] init [unit] dest_of [0] -> tensor<16xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("update")
  return %u : tensor<16xf32>
}

// -----

#v = affine_map<(d0) -> (d0)>
#half = affine_map<(d0) -> (d0 + 8)>

// Nobody reads the first part alone: both are written where the output is, nothing is copied.
// CHECK-LABEL: plan.entry @concat(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<?xf32> {plan.name = "input0"{{.*}}, %[[B:[a-z0-9]+]]: memref<?xf32> {plan.name = "input1"{{.*}}, %[[Y:[a-z0-9]+]]: memref<?xf32> {plan.name = "output0"
// CHECK-NEXT: plan.launch @first(%[[A]], %[[Y]])
// CHECK-NEXT: plan.launch @second(%[[B]], %[[Y]])
// CHECK-NEXT: plan.return
func.func @concat(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<16xf32> {
  %p = kernel.generic domain <"8"> iterators "p" ins(%a : tensor<8xf32>) maps [#v, #v] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<16xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("first")
  %u = kernel.generic domain <"8"> iterators "p" ins(%b : tensor<8xf32>) dests(%p : tensor<16xf32>) maps [#v, #half] symbols <>
      padding [unit] init [unit] dest_of [0] -> tensor<16xf32> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("second")
  return %u : tensor<16xf32>
}

// -----

#v = affine_map<(d0) -> (d0)>

// A loop's body must find the tensor from around it as it was, in every iteration.
// CHECK-LABEL: plan.entry @update_in_loop(
// CHECK: plan.launch @exp(%{{.*}}, %[[D:.*]])
// CHECK: scf.for
// CHECK: plan.launch @copy_of_exp(%[[D]], %[[C:.*]]){{.*}} :
// CHECK-NEXT: plan.launch @update(%{{.*}}, %[[C]]){{.*}} :
func.func @update_in_loop(%x: tensor<16xf32>, %n: tensor<i64>) -> tensor<16xf32> {
  %d = kernel.generic domain <"16"> iterators "p" ins(%x : tensor<16xf32>) maps [#v, #v] symbols <> padding [unit] init [unit] dest_of [-1]
      -> tensor<16xf32> {
  ^bb0(%e: f32):
    %s = math.exp %e : f32
    kernel.yield %s : f32
  } loc("exp")
  %r = nn.loop init(%x : tensor<16xf32>) -> (tensor<16xf32>) {
  ^bb0(%i: tensor<i64>, %v: tensor<16xf32>):
    %u = kernel.generic domain <"8"> iterators "p" ins(%v : tensor<16xf32>) dests(%d : tensor<16xf32>) maps [#v, #v] symbols <> padding [unit]
        init [unit] dest_of [0] -> tensor<16xf32> {
    ^bb1(%e: f32):
      kernel.yield %e : f32
    } loc("update")
    nn.yield %u : tensor<16xf32>
  } {has_condition = false, trip = "5"}
  return %r : tensor<16xf32>
}

// -----

#keep = affine_map<(d0, d1) -> (d0, d1)>
#behind = affine_map<(d0, d1)[s0] -> (d0, d1 + s0)>

// A state that grows in place: the new column goes behind what is there, which is neither copied nor moved, and the sum reads it with the
// stride of the capacity.
// CHECK-LABEL: plan.entry @append(
// CHECK-SAME: %[[N:[a-z0-9]+]]: memref<?xf32> {plan.name = "input0"
// CHECK-SAME: %[[S:[a-z0-9]+]]: memref<?xf32> {plan.axis = 1 : i64, plan.capacity = "32", plan.name = "input1", plan.next = "past + 1", plan.output = "output1", plan.role = "state"
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<?xf32> {plan.name = "output0"
// CHECK-NOT: plan.alloc
// CHECK: plan.launch @new(%{{.*}}, %[[N]], %[[S]])
// CHECK-NOT: plan.launch
// CHECK: plan.launch @sum(%{{.*}}, %[[S]], %[[Y]])
// CHECK-NOT: plan.launch
// CHECK: plan.return
// CHECK: plan.kernel @new
// CHECK: plan.write {{.*}} strides <"32", "1">
func.func @append(%new: tensor<4x1xf32>, %past: tensor<4x?xf32, #nn.shape<"4", "past">>
      {ingot.state = {output = 1 : i64, axis = 1 : i64, capacity = "32"}}) -> (tensor<4xf32>, tensor<4x?xf32, #nn.shape<"4", "past + 1">>) {
  %p = kernel.generic domain <"4", "past"> iterators "pp" ins(%past : tensor<4x?xf32, #nn.shape<"4", "past">>) maps [#keep, #keep] symbols <>
      padding [unit] init [unit] dest_of [-1] -> tensor<4x?xf32, #nn.shape<"4", "past + 1">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("kept")
  %all = kernel.generic domain <"4", "1"> iterators "pp" ins(%new : tensor<4x1xf32>) dests(%p : tensor<4x?xf32, #nn.shape<"4", "past + 1">>)
      maps [affine_map<(d0, d1)[s0] -> (d0, d1)>, #behind] symbols <"past"> padding [unit] init [unit] dest_of [0] -> tensor<4x?xf32, #nn.shape<"4", "past + 1">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("new")
  %y = kernel.generic domain <"4", "past + 1"> iterators "pr" ins(%all : tensor<4x?xf32, #nn.shape<"4", "past + 1">>)
      maps [#keep, affine_map<(d0, d1) -> (d0)>] symbols <> padding [unit] init [0.0 : f32] dest_of [-1] -> tensor<4xf32> {
  ^bb0(%e: f32, %acc: f32):
    %s = arith.addf %acc, %e : f32
    kernel.yield %s : f32
  } loc("sum")
  return %y, %all : tensor<4xf32>, tensor<4x?xf32, #nn.shape<"4", "past + 1">>
}

// -----

#keep = affine_map<(d0, d1) -> (d0, d1)>
#shift = affine_map<(d0, d1) -> (d0, d1 + 1)>

// What was there moves: the new value is made elsewhere, and copied when nothing reads the old one any more.
// CHECK-LABEL: plan.entry @prepend(
// CHECK-SAME: %[[N:[a-z0-9]+]]: memref<?xf32> {plan.name = "input0"
// CHECK-SAME: %[[S:[a-z0-9]+]]: memref<?xf32> {plan.axis = 1 : i64
// CHECK: %[[T:.*]] = plan.alloc "4*past + 4"
// CHECK: plan.launch @new(%{{.*}}, %[[N]], %[[T]])
// CHECK: plan.launch @moved(%{{.*}}, %[[S]], %[[T]])
// CHECK: plan.launch @copy(%{{.*}}, %[[T]], %[[S]])
// CHECK-NEXT: plan.return
func.func @prepend(%new: tensor<4x1xf32>, %past: tensor<4x?xf32, #nn.shape<"4", "past">>
      {ingot.state = {output = 0 : i64, axis = 1 : i64, capacity = "32"}}) -> tensor<4x?xf32, #nn.shape<"4", "past + 1">> {
  %p = kernel.generic domain <"4", "1"> iterators "pp" ins(%new : tensor<4x1xf32>) maps [#keep, #keep] symbols <>
      padding [unit] init [unit] dest_of [-1] -> tensor<4x?xf32, #nn.shape<"4", "past + 1">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("new")
  %all = kernel.generic domain <"4", "past"> iterators "pp" ins(%past : tensor<4x?xf32, #nn.shape<"4", "past">>)
      dests(%p : tensor<4x?xf32, #nn.shape<"4", "past + 1">>) maps [#keep, #shift] symbols <> padding [unit] init [unit] dest_of [0]
      -> tensor<4x?xf32, #nn.shape<"4", "past + 1">> {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } loc("moved")
  return %all : tensor<4x?xf32, #nn.shape<"4", "past + 1">>
}

// -----

#v = affine_map<(d0) -> (d0)>

// Branches that differ in shape hand over their buffers, an input as it stands, and the size.
// CHECK-LABEL: plan.entry @branches(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?xf32> {plan.name = "input1"
// CHECK: %[[IF:.*]]:2 = scf.if %{{.*}} -> (memref<?xf32>, index) {
// CHECK: %[[H:.*]] = plan.alloc "2" :
// CHECK: plan.launch @half(%[[X]], %[[H]])
// CHECK: scf.yield %[[H]], %{{.*}}
// CHECK: } else {
// CHECK: %[[M:.*]] = plan.alloc "4" if_positive "n" :
// CHECK: scf.yield %[[M]], %{{.*}}
// CHECK-NEXT: }
// CHECK: plan.bind "size" = %[[IF]]#1
// CHECK: %[[Y:.*]] = plan.alloc "size"
// CHECK: plan.launch @exp(%{{.*}}, %[[IF]]#0, %[[Y]])
// CHECK: plan.publish %[[Y]]
func.func @branches(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<?xf32, #nn.shape<"size">> {
  %r = nn.if %c {size_symbols = ["size"], else_if_positive = "n"} : tensor<i1> -> tensor<?xf32, #nn.shape<"size">> {
    %h = kernel.generic domain <"2"> iterators "p" ins(%x : tensor<4xf32>) maps [#v, #v] symbols <> padding [unit] init [unit] dest_of [-1]
        -> tensor<2xf32> {
    ^bb0(%e: f32):
      kernel.yield %e : f32
    } loc("half")
    %two = nn.constant dense<2> : tensor<i64> : tensor<i64>
    nn.yield %h, %two : tensor<2xf32>, tensor<i64>
  } else {
    %m = kernel.generic domain <"4"> iterators "p" ins(%x : tensor<4xf32>) maps [#v, #v] symbols <> padding [unit] init [unit] dest_of [-1]
        -> tensor<4xf32> {
    ^bb0(%e: f32):
      %s = arith.negf %e : f32
      kernel.yield %s : f32
    } loc("minus")
    %four = nn.constant dense<4> : tensor<i64> : tensor<i64>
    nn.yield %m, %four : tensor<4xf32>, tensor<i64>
  }
  %y = kernel.generic domain <"size"> iterators "p" ins(%r : tensor<?xf32, #nn.shape<"size">>) maps [#v, #v] symbols <> padding [unit] init [unit]
      dest_of [-1] -> tensor<?xf32, #nn.shape<"size">> {
  ^bb0(%e: f32):
    %s = math.exp %e : f32
    kernel.yield %s : f32
  } loc("exp")
  return %y : tensor<?xf32, #nn.shape<"size">>
}
