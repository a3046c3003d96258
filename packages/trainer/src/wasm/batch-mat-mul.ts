import { broadcast_util, getKernel, type KernelConfig, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type WasmHost, wasmHost } from './host.ts';

/**
 * The stock kernel calls XNNPACK only for a single untransposed product; every transposed or batched one (all gradients, all
 * attention) falls to a scalar loop, some twelve times slower. This one transposes explicitly and calls XNNPACK once per slice.
 */
export const batchMatMul: KernelConfig = {
  kernelName: 'BatchMatMul',
  backendName: 'wasm',
  setupFunc: (backend) => {
    stockProducts.set(backend, bindStock(wasmHost(backend)));
  },
  kernelFunc: ({ inputs, backend, attrs }) => multiply(wasmHost(backend), inputs, Boolean(attrs?.transposeA), Boolean(attrs?.transposeB)),
};

type StockProduct = (...values: (number | boolean | Uint8Array)[]) => void;
const stockProducts = new WeakMap<object, StockProduct>();

function bindStock(host: WasmHost): StockProduct {
  return host.wasm.cwrap('BatchMatMul', null, ['number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number']);
}

/** Below this many multiplications per slice, making an XNNPACK operator costs more than the scalar loop. */
const SCALAR_LIMIT = 16_384;

function multiply(host: WasmHost, inputs: NamedTensorInfoMap, transposeA: boolean, transposeB: boolean): TensorInfo {
  const a = inputs.a as TensorInfo;
  const b = inputs.b as TensorInfo;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') throw new Error(`BatchMatMul takes float32, but got ${a.dtype} and ${b.dtype}.`);
  const left = matrixOf(a.shape, transposeA);
  const right = matrixOf(b.shape, transposeB);
  if (left.columns !== right.rows) throw new Error(`BatchMatMul: inner sizes differ: [${a.shape}] · [${b.shape}].`);
  const batchShape = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const sizes = { a: left.rows * left.columns, b: right.rows * right.columns, out: left.rows * right.columns };
  const batch = util.sizeFromShape(batchShape);
  const isScalar = batch > 1 && left.rows * left.columns * right.columns < SCALAR_LIMIT;
  if (!isScalar && isCheaperSwapped(sizes, transposeA, transposeB)) {
    const turned = multiply(host, { a: b, b: a }, !transposeB, !transposeA);
    const product = transposeMatrices(host, turned);
    host.disposeData(turned.dataId);
    return product;
  }
  const out = host.makeOutput([...batchShape, left.rows, right.columns], 'float32');
  const job = { host, batch, left, right, out };
  if (isScalar) {
    multiplyScalar(job, a, b, transposeA, transposeB);
    return out;
  }
  const plainA = transposeA ? transposeMatrices(host, a) : a;
  const plainB = transposeB ? transposeMatrices(host, b) : b;
  multiplySlices(job, plainA, plainB);
  if (transposeA) host.disposeData(plainA.dataId);
  if (transposeB) host.disposeData(plainB.dataId);
  return out;
}

/**
 * Whether (BᵀAᵀ)ᵀ moves fewer numbers than AB: XNNPACK packs the right factor anew for every call, at about the cost of transposing it
 * twice. A product without transposes stays: there the right factor is a weight, whose packed form is kept.
 */
function isCheaperSwapped(sizes: { a: number; b: number; out: number }, transposeA: boolean, transposeB: boolean): boolean {
  if (!transposeA && !transposeB) return false;
  const direct = (transposeA ? sizes.a : 0) + (transposeB ? sizes.b : 0) + 2 * sizes.b;
  const swapped = (transposeA ? 0 : sizes.a) + (transposeB ? 0 : sizes.b) + 2 * sizes.a + sizes.out;
  return swapped < direct;
}

interface Matrix {
  rows: number;
  columns: number;
  count: number;
}

function matrixOf(shape: number[], transposed: boolean): Matrix {
  const [rows = 0, columns = 0] = shape.slice(-2);
  const count = util.sizeFromShape(shape.slice(0, -2));
  return transposed ? { rows: columns, columns: rows, count } : { rows, columns, count };
}

function transposeMatrices(host: WasmHost, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const transpose = getKernel('Transpose', 'wasm').kernelFunc;
  return transpose({ inputs: { x }, backend: host, attrs: { perm } }) as TensorInfo;
}

interface Product {
  host: WasmHost;
  batch: number;
  left: Matrix;
  right: Matrix;
  out: TensorInfo;
}

function multiplyScalar({ host, left, right, out }: Product, a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean): void {
  const id = (tensor: TensorInfo) => host.dataIdMap.get(tensor.dataId).id;
  const shapeA = transposeA ? [left.count, left.columns, left.rows] : [left.count, left.rows, left.columns];
  const shapeB = transposeB ? [right.count, right.columns, right.rows] : [right.count, right.rows, right.columns];
  stockProduct(host)(id(a), int32Bytes(shapeA), 3, id(b), int32Bytes(shapeB), 3, transposeA, transposeB, id(out));
}

/** Slices are aliases: registered for one call and forgotten, so that XNNPACK never keeps an operator for a dead activation. */
function multiplySlices({ host, batch, left, right, out }: Product, a: TensorInfo, b: TensorInfo): void {
  const product = stockProduct(host);
  const shapeA = int32Bytes([1, left.rows, left.columns]);
  const shapeB = int32Bytes([1, right.rows, right.columns]);
  const [dataA, dataB, dataOut] = [a, b, out].map((tensor) => host.dataIdMap.get(tensor.dataId)) as [Located, Located, Located];
  for (let i = 0; i < batch; i++) {
    const idA = left.count === 1 ? dataA.id : alias(host, dataA, i % left.count, left.rows * left.columns);
    const idB = right.count === 1 ? dataB.id : alias(host, dataB, i % right.count, right.rows * right.columns);
    const idOut = batch === 1 ? dataOut.id : alias(host, dataOut, i, left.rows * right.columns);
    product(idA, shapeA, 3, idB, shapeB, 3, false, false, idOut);
    for (const [id, whole] of [
      [idA, dataA.id],
      [idB, dataB.id],
      [idOut, dataOut.id],
    ] as const) {
      if (id !== whole) host.wasm.tfjs.disposeData(id);
    }
  }
}

interface Located {
  id: number;
  memoryOffset: number;
}

function alias(host: WasmHost, whole: Located, index: number, size: number): number {
  const id = host.dataIdNextNumber++;
  host.wasm.tfjs.registerTensor(id, size, whole.memoryOffset + index * size * Float32Array.BYTES_PER_ELEMENT);
  return id;
}

function stockProduct(host: WasmHost): StockProduct {
  const product = stockProducts.get(host);
  if (product === undefined) throw new Error('BatchMatMul was registered after the wasm backend had started.');
  return product;
}

function int32Bytes(values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}
