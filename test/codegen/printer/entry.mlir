// Entries: buffers, launches, host control flow.
// RUN: ingot-translate --target=x86-64-v3 %s | FileCheck %s
// RUN: ingot-translate --target=cuda-sm80 %s | FileCheck %s --check-prefix=CUDA

module { plan.model @net {
  plan.weight @fc.weight f32 x 64 at 0
  plan.weight @fc.bias f32 x 8 at 256

  plan.kernel @scale(%n: index {plan.name = "n"}, %x: memref<?xf32> {plan.name = "x"}, %w: memref<?xf32> {plan.name = "w"}, %y: memref<?xf32> {plan.name = "y"})
      attributes {target = "scalar", writes = [3], symbols = ["n"], flops = "n", doc = "Mul\nwith a vector of 8"} {
    %c8 = arith.constant 8 : index
    scf.forall (%tile) in (%n) {
      %i = arith.remui %tile, %c8 : index
      %a = memref.load %x[%tile] : memref<?xf32>
      %b = memref.load %w[%i] : memref<?xf32>
      %p = arith.mulf %a, %b : f32
      memref.store %p, %y[%tile] : memref<?xf32>
    }
    plan.return
  }
  plan.kernel @count(%x: memref<?xf32> {plan.name = "x"}, %r: memref<?xi64> {plan.name = "result"})
      attributes {target = "scalar", writes = [1], flops = "8"} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %zero = arith.constant 0.0 : f32
    %none = arith.constant 0 : i64
    %one = arith.constant 1 : i64
    scf.forall (%tile) in (%c1) {
      %t = scf.for %i = %c0 to %c8 step %c1 iter_args(%k = %none) -> i64 {
        %v = memref.load %x[%i] : memref<?xf32>
        %p = arith.cmpf ogt, %v, %zero : f32
        %next = scf.if %p -> i64 {
          %q = arith.addi %k, %one overflow<nsw> : i64
          scf.yield %q : i64
        } else {
          scf.yield %k : i64
        }
        scf.yield %next : i64
      }
      memref.store %t, %r[%tile] : memref<?xi64>
    }
    plan.return
  }

// CHECK-LABEL: ingot_status net_x86_64_v3_run(ingot_frame *frame, int64_t batch, const float *data_in, float *out,
// CHECK-NEXT:      unsigned char *workspace) {
// CHECK-NEXT:    const ingot_executor *executor = frame->executor;
// CHECK-NEXT:    const unsigned char *weights = frame->weights;
// CHECK-EMPTY:
// CHECK-NEXT:    // Mul_0, Mul_1
// CHECK-NEXT:    const float *fc_weight = reinterpret_cast<const float *>(weights);
// CHECK-NEXT:    float *hidden = reinterpret_cast<float *>(workspace); // batch * 8 elements
// CHECK-NEXT:    ingot::launch(executor, batch * 8, ingot_grain(batch * 8, batch * 8), [=](int64_t begin, int64_t end) {
// CHECK-NEXT:      net_x86_64_v3_scale(data_in, fc_weight, hidden, begin, end);
// CHECK-NEXT:    });
// CHECK:         net_x86_64_v3_count(hidden, positive, 0, 1);
// CHECK:         const int64_t found = positive[0];
// CHECK-NEXT:    if (found < 0)
// CHECK-NEXT:      return ingot::out_of_range(frame->error, 
// CHECK:         if (found > batch * 8)
// CHECK:         float *grown = static_cast<float *>(ingot_arena_take(&frame->arena, ingot_bytes(found + 1, INGOT_F32)));
// CHECK-NEXT:    if (!grown)
// CHECK-NEXT:      return ingot::need_workspace(
// CHECK:         for (int64_t step = 0; step < found; ++step)
// CHECK:         if (found > 2) {
// CHECK:           memcpy(out, hidden, ingot_bytes(batch * 8, INGOT_F32));
// CHECK:         return INGOT_OK;

// CUDA-LABEL: ingot_status net_cuda_sm80_run(
// CUDA:         const cudaStream_t stream = frame->stream;
// CUDA-NEXT:    float *device_data_in = static_cast<float *>(ingot_arena_take(&frame->arena, size_t(batch * 32)));
// CUDA:         INGOT_CUDA(cudaMemcpyAsync(device_data_in, data_in, size_t(batch * 32), cudaMemcpyHostToDevice, stream));
// CUDA:           net_cuda_sm80_scale<<<ingot::blocks(batch * 8), ingot::threads, 0, stream>>>(
// CUDA:         INGOT_CUDA(cudaGetLastError());
// CUDA:         INGOT_CUDA(cudaStreamSynchronize(stream));
// CUDA:         const int64_t found = host_copy;
// CUDA:         INGOT_CUDA(cudaMemcpyAsync(out, device_out, size_t(batch * 32), cudaMemcpyDeviceToHost, stream));
// CUDA-NEXT:    INGOT_CUDA(cudaStreamSynchronize(stream));
// CUDA-NEXT:    return INGOT_OK;
  plan.entry @run(%batch: index {plan.role = "symbol", plan.name = "batch"},
                  %x: memref<?xf32> {plan.role = "input", plan.name = "data.in", plan.type = tensor<?x8xf32, #nn.shape<"batch", "8">>},
                  %out: memref<?xf32> {plan.role = "output", plan.name = "out", plan.type = tensor<?x8xf32, #nn.shape<"batch", "8">>},
                  %ws: memref<?xi8> {plan.role = "workspace"}) {
    %w = plan.get_weight @fc.weight : memref<?xf32>
    %b = plan.get_weight @fc.bias : memref<?xf32>
    %h = plan.slice %ws["0"] count "8*batch" : memref<?xi8> to memref<?xf32> loc("hidden")
    %p = plan.slice %ws["64*floordiv(32*batch + 63, 64)"] count "1" : memref<?xi8> to memref<?xi64> loc("positive")
    %n = plan.dim "8*batch"
    plan.launch @scale(%n, %x, %w, %h) : index, memref<?xf32>, memref<?xf32>, memref<?xf32> loc(fused["Mul_0", "Mul_1"])
    plan.launch @count(%h, %p) : memref<?xf32>, memref<?xi64> loc("Greater_2")
    %found = plan.read %p[0] : memref<?xi64> -> index loc("found")
    plan.bind "s0" = %found low "0" high "8*batch"
    %g = plan.tail "s0 + 1" : memref<?xf32> loc("grown")
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c8 = arith.constant 8 : index
    scf.for %i = %c0 to %found step %c1 {
      plan.launch @scale(%found, %h, %b, %g) : index, memref<?xf32>, memref<?xf32>, memref<?xf32> loc("Loop_3")
    } {plan.name = "step"}
    %many = arith.cmpi sgt, %found, %c2 : index
    %from = scf.if %many -> memref<?xf32> {
      plan.copy %h to %out count "8*batch" : memref<?xf32>, memref<?xf32>
      scf.yield %h : memref<?xf32>
    } else {
      scf.yield %x : memref<?xf32>
    }
    plan.launch @scale tiles %c8 (%c8, %from, %w, %out) : index, memref<?xf32>, memref<?xf32>, memref<?xf32> loc("Mul_4")
    plan.return
  }
}}
