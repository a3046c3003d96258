import {
  type Deleted,
  deletedSchema,
  type FileObject,
  type FilePurpose,
  type FileReportObject,
  fileObjectSchema,
  fileReportObjectSchema,
  type List,
  listSchema,
} from '@capstan/core';
import { type RequestOptions, segment, type Transport } from './transport.ts';

export interface UploadFile {
  /** Read as it is sent: in Node `await openAsBlob(path)`, in a browser the File of an input. */
  file: Blob;
  filename: string;
  purpose: FilePurpose;
}
export interface ListFiles {
  after?: string | undefined;
  limit?: number | undefined;
  purpose?: FilePurpose | undefined;
  order?: 'asc' | 'desc' | undefined;
}

export interface FilesClient {
  create(upload: UploadFile, options?: RequestOptions): Promise<FileObject>;
  retrieve(id: string, options?: RequestOptions): Promise<FileObject>;
  list(query?: ListFiles, options?: RequestOptions): Promise<List<FileObject>>;
  delete(id: string, options?: RequestOptions): Promise<Deleted>;
  /** The response itself, so that its body can be streamed. */
  content(id: string, options?: RequestOptions): Promise<Response>;
  report(id: string, options?: RequestOptions): Promise<FileReportObject>;
}

const fileList = listSchema(fileObjectSchema);

export function filesClient({ send, request }: Transport): FilesClient {
  return {
    create: ({ file, filename, purpose }, options) => {
      const form = new FormData();
      // Purpose first: the server then refuses a wrong one before the bytes arrive.
      form.set('purpose', purpose);
      form.set('file', file, filename);
      return request(fileObjectSchema, { method: 'POST', path: '/files', form, ...options });
    },
    retrieve: (id, options) => request(fileObjectSchema, { method: 'GET', path: `/files/${segment(id)}`, ...options }),
    list: (query, options) => request(fileList, { method: 'GET', path: '/files', query: { ...query }, ...options }),
    delete: (id, options) => request(deletedSchema, { method: 'DELETE', path: `/files/${segment(id)}`, ...options }),
    content: (id, options) => send({ method: 'GET', path: `/files/${segment(id)}/content`, ...options }),
    report: (id, options) => request(fileReportObjectSchema, { method: 'GET', path: `/files/${segment(id)}/report`, ...options }),
  };
}
